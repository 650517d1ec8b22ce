// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/e820.h"

#include <algorithm>

namespace kexec {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kExtMemMax = 0xfc00;  // KiB: what BIOS call 88h could count, 64 MiB

// KiB of RAM from 1 MiB up to the first end of RAM; 0 if there is none at 1 MiB.
uint64_t KibAboveOneMib(std::span<const E820Entry> entries) {
  for (const E820Entry& entry : entries) {
    const uint64_t begin = entry.addr;
    const uint64_t end = begin + entry.size;
    if (entry.type == static_cast<uint32_t>(E820Type::kRam) && begin <= kMiB && end > kMiB)
      return (end - kMiB) >> 10;
  }
  return 0;
}

}  // namespace

E820Type E820TypeOf(MemoryType type) {
  switch (type) {
    case MemoryType::kRam:
      return E820Type::kRam;
    case MemoryType::kReserved:
      return E820Type::kReserved;
    case MemoryType::kAcpiTables:
      return E820Type::kAcpi;
    case MemoryType::kAcpiNvs:
      return E820Type::kNvs;
    case MemoryType::kUnusable:
      return E820Type::kUnusable;
    case MemoryType::kPersistent:
      return E820Type::kPmem;
    case MemoryType::kPersistentLegacy:
      return E820Type::kPram;
    case MemoryType::kSoftReserved:
      return E820Type::kSoftReserved;
  }
  return E820Type::kReserved;
}

std::vector<E820Entry> ToE820(const MemoryMap& map) {
  std::vector<E820Entry> entries;
  entries.reserve(map.regions().size());
  for (const MemoryRegion& region : map.regions()) {
    E820Entry entry;
    entry.addr = region.range.begin().raw();
    entry.size = region.range.size();
    entry.type = static_cast<uint32_t>(E820TypeOf(region.type));
    entries.push_back(entry);
  }
  return entries;
}

void FillMemory(std::span<const E820Entry> entries, BootParams& params) {
  const size_t direct = std::min(entries.size(), kE820InZeroPage);
  std::copy_n(entries.begin(), direct, params.e820_table.begin());
  params.e820_entries = static_cast<uint8_t>(direct);
  const uint64_t kib = KibAboveOneMib(entries);
  params.alt_mem_k = static_cast<uint32_t>(std::min<uint64_t>(kib, UINT32_MAX));
  params.screen_info.ext_mem_k = static_cast<uint16_t>(std::min(kib, kExtMemMax));
}

}  // namespace kexec
