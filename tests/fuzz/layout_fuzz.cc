// SPDX-License-Identifier: GPL-2.0-or-later
// Any requests to any memory, compared with trying every place on a bitmap of pages.
#include <bitset>
#include <optional>
#include <vector>

#include "kexec/layout.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace kexec;
using kexec::testing::FuzzInput;
using kexec::testing::Require;

constexpr uint64_t kPages = 64;
constexpr uint64_t kPage = 4096;
using Bitmap = std::bitset<kPages>;

PhysRange Between(uint64_t begin, uint64_t end) {
  return *PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end));
}

bool AllFree(const Bitmap& free, uint64_t begin, uint64_t end) {
  for (uint64_t at = begin; at < end; ++at) {
    if (!free[at]) return false;
  }
  return true;
}

void Clear(Bitmap& free, uint64_t begin, uint64_t end) {
  for (uint64_t at = begin; at < end; ++at) free[at] = false;
}

// Pieces of RAM with ends off the page borders, so that partial pages must be left out.
Layout MakeLayout(FuzzInput& input, Bitmap& free) {
  std::vector<MemoryRegion> regions;
  for (uint64_t piece = input.Number(0, 8); piece > 0; --piece) {
    const uint64_t begin = input.Number(0, kPages);
    const uint64_t end = input.Number(begin + 1, kPages + 1);
    regions.push_back({Between(begin * kPage, end * kPage), MemoryType::kRam});
    for (uint64_t at = begin; at < end; ++at) free[at] = true;
  }
  const uint64_t hole = input.Number(0, kPages);
  regions.push_back({Between(hole * kPage + 100, hole * kPage + 101), MemoryType::kReserved});
  free[hole] = false;
  return Layout(MemoryMap::FromRegions(std::move(regions)), *Alignment::Make(kPage));
}

void TryReserve(FuzzInput& input, Layout& layout, Bitmap& free) {
  const uint64_t pages = input.Number(1, 20);
  const uint64_t align = uint64_t{1} << input.Number(0, 6);
  const uint64_t low = input.Number(0, kPages);
  const uint64_t high = input.Number(low + 1, kPages + 1);
  const Search search = input.Byte() % 2 != 0 ? Search::kTopDown : Search::kBottomUp;
  std::optional<uint64_t> expected;
  for (uint64_t at = 0; at + pages <= high; at += align) {
    if (at < low || !AllFree(free, at, at + pages)) continue;
    if (!expected || search == Search::kTopDown) expected = at;
  }
  const auto got = layout.Reserve(
      {"x", pages * kPage - 7, *Alignment::Make(align * kPage), Between(low * kPage, high * kPage), search});
  Require(got.has_value() == expected.has_value());
  if (!expected) return;
  Require(got->begin().raw() == *expected * kPage && got->size() == pages * kPage);
  Clear(free, *expected, *expected + pages);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  Bitmap free;
  Layout layout = MakeLayout(input, free);
  while (!input.empty()) {
    const uint8_t action = input.Byte() % 4;
    if (action < 2) {
      TryReserve(input, layout, free);
      continue;
    }
    const uint64_t begin = input.Number(0, kPages);
    const uint64_t end = input.Number(begin + 1, kPages + 1);
    if (action == 2) {
      Require(layout.ReserveAt("y", Between(begin * kPage + 1, end * kPage)).has_value() ==
              AllFree(free, begin, end));
      if (!AllFree(free, begin, end)) continue;
    } else {
      layout.Exclude(Between(begin * kPage, end * kPage - 1));
    }
    Clear(free, begin, end);
  }
  Bitmap left;
  for (const PhysRange& piece : layout.Free()) {
    for (uint64_t at = piece.begin().raw() / kPage; at < piece.end().raw() / kPage; ++at) left[at] = true;
  }
  Require(left == free);
  return 0;
}
