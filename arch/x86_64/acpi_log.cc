// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/acpi_log.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include "arch/kernel_log.h"
#include "arch/x86_64/byte_writer.h"

namespace kexec {
namespace {

constexpr size_t kOemLength = 6;
constexpr size_t kAcpi1Length = 20;
constexpr size_t kAcpi2Length = 36;
constexpr size_t kAtChecksum = 8, kAtExtendedChecksum = 32;

// What the kernel says of a table: "ACPI: XSDT 0x000000003F77C0E8 000054 (v01 BOCHS  BXPC ..."
// (drivers/acpi/acpica/tbprint.c).
struct TableLine {
  uint64_t address;
  unsigned revision;
  std::string_view oem;
};

template <class T>
std::optional<T> Hexadecimal(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<TableLine> ParseTable(std::string_view text, std::string_view name) {
  const std::string start = "ACPI: " + std::string(name) + " 0x";
  constexpr size_t kAddress = 16, kLength = 6;
  const size_t rest = start.size() + kAddress + 1 + kLength;  // " (v02 BOCHS )"
  if (!text.starts_with(start) || text.size() < rest + 6 + kOemLength || text.substr(rest, 3) != " (v") {
    return std::nullopt;
  }
  const auto address = Hexadecimal<uint64_t>(text.substr(start.size(), kAddress));
  const auto revision = Hexadecimal<unsigned>(text.substr(rest + 3, 2));
  if (!address || !revision) return std::nullopt;
  return TableLine{*address, *revision, text.substr(rest + 6, kOemLength)};
}

// The first such line the kernel itself has written: the facility, above the lowest three bits of the
// priority, is 0.
std::optional<TableLine> FindTable(std::string_view log, std::string_view name) {
  while (!log.empty()) {
    const size_t length = std::min(log.find('\n'), log.size());
    const std::string_view record = log.substr(0, length);
    log.remove_prefix(std::min(length + 1, log.size()));
    const size_t text = record.find(';');
    if (text == std::string_view::npos || record.size() < 2 || record[0] < '0' || record[0] > '7' ||
        record[1] != ',') {
      continue;
    }
    if (const auto table = ParseTable(record.substr(text + 1), name)) return table;
  }
  return std::nullopt;
}

void FixChecksum(std::vector<std::byte>& bytes, size_t length, size_t at) {
  unsigned sum = 0;
  for (size_t i = 0; i < length; ++i) sum += std::to_integer<unsigned>(bytes[i]);
  bytes[at] = static_cast<std::byte>(-sum & 0xff);
}

// ACPI specification 6.5, 5.2.5.3.
std::vector<std::byte> Make(std::string_view oem, unsigned revision, uint32_t rsdt, uint64_t xsdt) {
  ByteWriter out;
  constexpr std::string_view kSignature = "RSD PTR ";
  out.Append(std::as_bytes(std::span(kSignature)));
  out.Put<uint8_t>(0);
  out.Append(std::as_bytes(std::span(oem)));
  out.Put(static_cast<uint8_t>(revision));
  out.Put(rsdt);
  if (revision >= 2) {
    out.Put<uint32_t>(kAcpi2Length);
    out.Put(xsdt);
    out.Put<uint32_t>(0);
  }
  std::vector<std::byte> bytes = std::move(out).Take();
  FixChecksum(bytes, kAcpi1Length, kAtChecksum);
  if (revision >= 2) FixChecksum(bytes, kAcpi2Length, kAtExtendedChecksum);
  return bytes;
}

}  // namespace

Result<std::vector<std::byte>> RootPointerFromLog(std::string_view log) {
  const auto pointer = FindTable(log, "RSDP");
  const auto xsdt = FindTable(log, "XSDT");
  const auto rsdt = FindTable(log, "RSDT");
  if (pointer && pointer->revision >= 2 && xsdt) {
    return Make(pointer->oem, pointer->revision, 0, xsdt->address);
  }
  if (pointer && rsdt && rsdt->address <= UINT32_MAX) {
    return Make(pointer->oem, 0, static_cast<uint32_t>(rsdt->address), 0);
  }
  return Fail(Errc::kMalformed, "the kernel's log does not tell where its ACPI tables are (any more)");
}

Result<std::vector<std::byte>> ReadRootPointerFromLog(const std::filesystem::path& root) {
  KEXEC_ASSIGN(const std::string log, ReadKernelLog(root));
  return RootPointerFromLog(log);
}

}  // namespace kexec
