// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/arm64/lpi_tables.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "arch/kernel_log.h"

namespace kexec {
namespace {

// drivers/irqchip/irq-gic-v3-its.c: "GICv3: using LPI property table @0x00000000402d0000" and, for each CPU,
// "GICv3: CPU0: using allocated LPI pending table @0x00000000402e0000".
constexpr std::string_view kStart = "GICv3: ";
constexpr std::string_view kTables[] = {" LPI property table @0x", " LPI pending table @0x"};
// LPI_PROPBASE_SZ and LPI_PENDBASE_SZ there: one byte, or one bit, for each of at most 2^16 LPIs, rounded up
// to this.
constexpr uint64_t kTableSize = 64 * 1024;

std::string_view TakeRecord(std::string_view& log) {
  const size_t length = std::min(log.find('\n'), log.size());
  const std::string_view record = log.substr(0, length);
  log.remove_prefix(std::min(length + 1, log.size()));
  return record;
}

// What the kernel itself said: the facility, above the lowest three bits of the priority, is 0.
std::string_view KernelText(std::string_view record) {
  unsigned priority = 0;
  const auto [end, error] = std::from_chars(record.data(), record.data() + record.size(), priority);
  const size_t text = record.find(';');
  if (error != std::errc() || priority > 7 || text == std::string_view::npos) return {};
  return record.substr(text + 1);
}

std::optional<PhysRange> TableOf(std::string_view text) {
  if (!text.starts_with(kStart)) return std::nullopt;
  for (const std::string_view name : kTables) {
    const size_t at = text.find(name);
    if (at == std::string_view::npos) continue;
    const std::string_view number = text.substr(at + name.size());
    uint64_t address = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), address, 16);
    if (error == std::errc() && address != 0) return PhysRange::FromSize(PhysAddr(address), kTableSize);
  }
  return std::nullopt;
}

bool UsesMessageInterrupts(const SystemRoot& root) {
  const auto interrupts = root.ReadText("proc/interrupts");
  return interrupts && interrupts->find("ITS") != std::string::npos;
}

}  // namespace

std::vector<PhysRange> LpiTablesFromLog(std::string_view log) {
  std::vector<PhysRange> tables;
  while (!log.empty()) {
    const auto table = TableOf(KernelText(TakeRecord(log)));
    if (table) tables.push_back(*table);
  }
  std::ranges::sort(tables);
  const auto again = std::ranges::unique(
      tables, [](const PhysRange& first, const PhysRange& next) { return first.Overlaps(next); });
  tables.erase(again.begin(), again.end());
  return tables;
}

std::string LpiRecords(std::string_view log) {
  std::string records;
  while (!log.empty()) {
    const std::string_view record = TakeRecord(log);
    if (TableOf(KernelText(record))) records += fmt::format("{}\n", record);
  }
  return records;
}

std::vector<PhysRange> ReadLpiTables(const SystemRoot& root, Diagnostics& diagnostics) {
  const auto log = ReadKernelLog(root.path());
  std::vector<PhysRange> tables = log ? LpiTablesFromLog(*log) : std::vector<PhysRange>();
  for (const PhysRange& table : tables) {
    diagnostics.Note("the interrupt controller uses {}; the next kernel's tree reserves it", ToString(table));
  }
  if (!tables.empty() || root.Exists("sys/firmware/efi") || !UsesMessageInterrupts(root)) return tables;
  diagnostics.Warn(
      "the kernel's log does not tell where the interrupt controller's LPI tables are ({}): it may overwrite "
      "a few bytes of the next kernel's memory; load early after boot, or boot with a larger log_buf_len=",
      log ? "it has been overwritten" : log.error().message());
  return tables;
}

}  // namespace kexec
