// SPDX-License-Identifier: GPL-2.0-or-later
// Ranges and memory maps in one word, for tests that know their numbers are right.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "kexec/memory_map.h"
#include "kexec/phys.h"

namespace kexec::testing {

// [begin, end)
inline PhysRange Range(uint64_t begin, uint64_t end) {
  return PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end)).value();
}

inline PageRange Pages(uint64_t begin, uint64_t end, uint64_t page = 4096) {
  return PageRange::Exactly(Range(begin, end), Alignment::Make(page).value()).value();
}

inline MemoryMap RamMap(std::initializer_list<PhysRange> ranges) {
  std::vector<MemoryRegion> regions;
  for (const PhysRange& range : ranges) regions.push_back({range, MemoryType::kRam});
  return MemoryMap::FromRegions(std::move(regions));
}

}  // namespace kexec::testing
