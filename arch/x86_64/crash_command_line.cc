// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/crash_command_line.h"

#include <fmt/format.h>

namespace kexec {
namespace {

constexpr Alignment kKib = Alignment::Of<1024>();

// memmap=nn[KMG]SIGNss[KMG], Documentation/admin-guide/kernel-parameters.txt.
char SignOf(MemoryType type) {
  switch (type) {
    case MemoryType::kRam:
      return '@';
    case MemoryType::kAcpiTables:
    case MemoryType::kAcpiNvs:
      return '#';
    case MemoryType::kPersistent:
    case MemoryType::kPersistentLegacy:
      return '!';
    case MemoryType::kReserved:
    case MemoryType::kUnusable:
    case MemoryType::kSoftReserved:
      return '$';
  }
  return '$';
}

std::string MemmapParameter(const MemoryRegion& region) {
  uint64_t begin = kKib.Down(region.range.begin().raw());
  uint64_t end = kKib.Up(region.range.end().raw()).value_or(kKib.Down(UINT64_MAX));
  if (region.type == MemoryType::kRam) {
    begin = kKib.Up(region.range.begin().raw()).value_or(end);
    end = kKib.Down(region.range.end().raw());
  }
  if (begin >= end) return {};
  return fmt::format(" memmap={}K{}{}K", (end - begin) / 1024, SignOf(region.type), begin / 1024);
}

}  // namespace

std::string ElfcorehdrParameter(PhysAddr address) {
  return fmt::format(" elfcorehdr={}K", address.raw() / 1024);
}

std::string AcpiRsdpParameter(uint64_t address) { return fmt::format(" acpi_rsdp={:#x}", address); }

std::string MemmapParameters(const MemoryMap& map) {
  std::string parameters = " memmap=exactmap";
  for (const MemoryRegion& region : map.regions()) parameters += MemmapParameter(region);
  return parameters;
}

}  // namespace kexec
