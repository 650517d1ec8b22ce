// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/firmware_tables.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "kexec/file.h"
#include "kexec/system_root.h"

namespace kexec {
namespace {

// ACPI specification 6.5, 5.2.5.3.
struct RootPointer {
  char signature[8];
  uint8_t checksum;  // of the first 20 bytes
  uint8_t oem_id[6];
  uint8_t revision;  // 0: ACPI 1.0
  Le<uint32_t> rsdt;
  Le<uint32_t> length;  // from here on: revision 2 and later
  Le<uint64_t> xsdt;
  uint8_t extended_checksum;
  uint8_t reserved[3];
};
static_assert(sizeof(RootPointer) == 36);
constexpr size_t kAcpi1Length = 20;
constexpr std::string_view kSignature = "RSD PTR ";
constexpr size_t kMostLength = 4096;  // no version has more than 36; a length above this is rubbish

constexpr uint64_t kEbdaSegment = 0x40e;  // BIOS data area: the EBDA's real-mode segment
constexpr uint64_t kEbdaSearched = 1024;
constexpr uint64_t kBiosArea = 0xe0000;
constexpr uint64_t kBiosAreaSize = 0x20000;
constexpr size_t kBoundary = 16;

bool SumsToZero(Bytes bytes) {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  return (sum & 0xff) == 0;
}

bool IsSigned(Bytes bytes) {
  return bytes.size() >= kSignature.size() &&
         std::ranges::equal(bytes.first(kSignature.size()), std::as_bytes(std::span(kSignature)));
}

// dev/mem of the machine.
class MemoryDevice {
 public:
  static Result<MemoryDevice> Open(const std::filesystem::path& root) {
    KEXEC_ASSIGN(const SystemRoot machine, SystemRoot::Open(root));
    KEXEC_ASSIGN(UniqueFd fd, machine.OpenDevice("dev/mem"));
    return MemoryDevice(std::move(fd), (root / "dev/mem").string());
  }

  // As many of `size` bytes at `address` as are there.
  Result<std::vector<std::byte>> Read(uint64_t address, size_t size) const {
    if (address > static_cast<uint64_t>(std::numeric_limits<off_t>::max()) - size) {
      return Fail(Errc::kMalformed, "{:#x} is no address in '{}'", address, path_);
    }
    std::vector<std::byte> bytes(size);
    size_t used = 0;
    while (used < size) {
      const ssize_t got =
          pread(fd_.get(), bytes.data() + used, size - used, static_cast<off_t>(address + used));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return FailErrno(Errc::kIo, errno, "cannot read '{}' at {:#x}", path_, address);
      if (got == 0) break;
      used += static_cast<size_t>(got);
    }
    bytes.resize(used);
    return bytes;
  }

 private:
  MemoryDevice(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;
};

Result<std::vector<std::byte>> ReadAtAddress(const MemoryDevice& memory, uint64_t address) {
  // Its first part alone tells whether there is more: an ACPI 1.0 pointer may end at the end of its page.
  KEXEC_ASSIGN(std::vector<std::byte> bytes, memory.Read(address, kAcpi1Length));
  const auto revision = ReadAt<uint8_t>(bytes, offsetof(RootPointer, revision));
  if (revision && *revision >= 2) {
    KEXEC_ASSIGN(bytes, memory.Read(address, sizeof(RootPointer)));
    const auto head = ReadAt<RootPointer>(bytes, 0);
    if (head && head->length > sizeof(RootPointer) && head->length <= kMostLength) {
      KEXEC_ASSIGN(bytes, memory.Read(address, head->length));
    }
  }
  const auto length = RootPointerLength(bytes);
  if (!length) return Fail(Errc::kMalformed, "there is no ACPI root pointer at {:#x}", address);
  bytes.resize(*length);
  return bytes;
}

// Where in [begin, begin + size) a root pointer is, or nullopt.
Result<std::optional<uint64_t>> Search(const MemoryDevice& memory, uint64_t begin, size_t size) {
  KEXEC_ASSIGN(const std::vector<std::byte> area, memory.Read(begin, size));
  for (size_t offset = 0; offset < area.size(); offset += kBoundary) {
    if (RootPointerLength(Bytes(area).subspan(offset))) return begin + offset;
  }
  return std::optional<uint64_t>();
}

Result<uint64_t> FindRootPointer(const MemoryDevice& memory) {
  KEXEC_ASSIGN(const std::vector<std::byte> bytes, memory.Read(kEbdaSegment, sizeof(Le<uint16_t>)));
  const auto segment = ReadAt<Le<uint16_t>>(bytes, 0);
  if (segment && *segment != 0) {
    KEXEC_ASSIGN(const auto found, Search(memory, uint64_t{*segment} << 4, kEbdaSearched));
    if (found) return *found;
  }
  KEXEC_ASSIGN(const auto found, Search(memory, kBiosArea, kBiosAreaSize));
  if (found) return *found;
  return Fail(Errc::kMalformed, "there is no ACPI root pointer in [{:#x}, {:#x})", kBiosArea,
              kBiosArea + kBiosAreaSize);
}

// Version of an SMBIOS entry point of 32 or 64 bits (DSP0134, 5.2.1 and 5.2.2).
std::optional<std::pair<uint8_t, uint8_t>> SmbiosVersion(std::string_view entry) {
  const auto at = [&](size_t offset) { return static_cast<uint8_t>(entry[offset]); };
  if (entry.starts_with("_SM3_") && entry.size() >= 9) return std::pair(at(7), at(8));
  if (entry.starts_with("_SM_") && entry.size() >= 8) return std::pair(at(6), at(7));
  return std::nullopt;
}

Result<SmbiosTables> ReadSmbiosTables(const std::filesystem::path& path) {
  KEXEC_ASSIGN(const SystemRoot root, SystemRoot::Open(path));
  constexpr std::string_view kEntry = "sys/firmware/dmi/tables/smbios_entry_point";
  const Result<std::string> entry = root.ReadText(kEntry);
  if (!entry.has_value()) return std::unexpected(entry.error());
  const auto version = SmbiosVersion(*entry);
  if (!version) return Fail(Errc::kMalformed, "'{}' is no SMBIOS entry point", (path / kEntry).string());
  SmbiosTables tables;
  std::tie(tables.major, tables.minor) = *version;
  KEXEC_ASSIGN(tables.structures, root.ReadBinary("sys/firmware/dmi/tables/DMI"));
  return tables;
}

}  // namespace

std::optional<size_t> RootPointerLength(Bytes bytes) {
  if (!IsSigned(bytes) || bytes.size() < kAcpi1Length || !SumsToZero(bytes.first(kAcpi1Length))) {
    return std::nullopt;
  }
  const auto revision = ReadAt<uint8_t>(bytes, offsetof(RootPointer, revision)).value();
  if (revision < 2) return kAcpi1Length;
  const auto whole = ReadAt<RootPointer>(bytes, 0);
  if (!whole || whole->length < sizeof(RootPointer) || whole->length > kMostLength) return std::nullopt;
  const auto part = SliceAt(bytes, 0, whole->length);
  if (!part || !SumsToZero(*part)) return std::nullopt;
  return whole->length;
}

Result<std::vector<std::byte>> ReadAcpiRootPointer(const std::filesystem::path& root, uint64_t address) {
  KEXEC_ASSIGN(const MemoryDevice memory, MemoryDevice::Open(root));
  if (address != 0) return ReadAtAddress(memory, address);
  KEXEC_ASSIGN(const uint64_t found, FindRootPointer(memory));
  return ReadAtAddress(memory, found);
}

Result<std::vector<std::byte>> ReadMemory(const std::filesystem::path& root, uint64_t address, size_t size) {
  KEXEC_ASSIGN(const MemoryDevice memory, MemoryDevice::Open(root));
  return memory.Read(address, size);
}

std::optional<SmbiosTables> ReadSmbios(const std::filesystem::path& root, Diagnostics& diagnostics) {
  auto tables = ReadSmbiosTables(root);
  if (tables) return *std::move(tables);
  diagnostics.Note("no SMBIOS tables: {}", tables.error().message());
  return std::nullopt;
}

}  // namespace kexec
