// SPDX-License-Identifier: GPL-2.0-or-later
// Any regions as a memory map, three bytes each, compared with painting them cell by cell.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "kexec/memory_map.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace kexec;
using kexec::testing::FuzzInput;
using kexec::testing::Require;

constexpr uint64_t kCells = 255;
using Cells = std::array<std::optional<MemoryType>, kCells>;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  Cells cells{};
  std::vector<MemoryRegion> regions;
  while (!input.empty()) {
    const uint64_t begin = input.Number(0, kCells);
    const uint64_t end = input.Number(begin + 1, kCells + 1);
    const auto type = static_cast<MemoryType>(input.Number(0, 8));
    regions.push_back({*PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end)), type});
    for (uint64_t at = begin; at < end; ++at)
      cells[at] = std::max(cells[at].value_or(MemoryType::kRam), type);
  }
  const MemoryMap map = MemoryMap::FromRegions(regions);
  uint64_t ram = 0;
  for (uint64_t at = 0; at < kCells; ++at) {
    const MemoryRegion* found = map.Find(PhysAddr(at));
    Require((found != nullptr) == cells[at].has_value());
    Require(found == nullptr || found->type == *cells[at]);
    ram += cells[at] == MemoryType::kRam;
  }
  Require(map.ram_bytes() == ram);
  for (const MemoryRegion& region : regions) {
    const auto gap = map.FirstNonRam(region.range);
    Require(gap.has_value() != map.IsRam(region.range));
    if (!gap) continue;
    for (uint64_t at = region.range.begin().raw(); at < gap->begin().raw(); ++at) {
      Require(cells[at] == MemoryType::kRam);
    }
    for (uint64_t at = gap->begin().raw(); at < gap->end().raw(); ++at)
      Require(cells[at] != MemoryType::kRam);
  }
  return 0;
}
