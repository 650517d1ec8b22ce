// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bitset>
#include <chrono>

#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

constexpr Alignment kPage = Alignment::Of<4096>();

Request Ask(std::string label, uint64_t size, PhysRange window, Search search, uint64_t align = 1) {
  return {std::move(label), size, Alignment::Make(align).value(), window, search};
}

TEST(Layout, BottomUpTakesTheLowestAlignedPlace) {
  Layout layout(RamMap({Range(0x1800, 0x9f000), Range(0x100000, 0x4000000)}), kPage);
  const auto first = layout.Reserve(Ask("a", 1, Range(0, 1 << 30), Search::kBottomUp));
  ASSERT_TRUE(first.has_value()) << MessageOf(first);
  EXPECT_EQ(*first, Pages(0x2000, 0x3000));
  const auto second = layout.Reserve(Ask("b", 0x1000, Range(0, 1 << 30), Search::kBottomUp, 0x200000));
  ASSERT_TRUE(second.has_value()) << MessageOf(second);
  EXPECT_EQ(*second, Pages(0x200000, 0x201000));
}

TEST(Layout, TopDownTakesTheHighestAlignedPlace) {
  Layout layout(RamMap({Range(0x1000, 0x9f800), Range(0x100000, 0x4000800)}), kPage);
  const auto first = layout.Reserve(Ask("a", 0x1001, Range(0, 1 << 30), Search::kTopDown));
  ASSERT_TRUE(first.has_value()) << MessageOf(first);
  EXPECT_EQ(*first, Pages(0x3ffe000, 0x4000000));
  const auto second = layout.Reserve(Ask("b", 0x1000, Range(0, 1 << 30), Search::kTopDown, 0x200000));
  ASSERT_TRUE(second.has_value()) << MessageOf(second);
  EXPECT_EQ(*second, Pages(0x3e00000, 0x3e01000));
}

TEST(Layout, ClipsToTheWindowBeforeItAligns) {
  Layout layout(RamMap({Range(0x100000, 0x400000)}), kPage);
  // Aligning first would propose 0x200000, outside the window, and give up.
  const auto place = layout.Reserve(Ask("a", 0x1000, Range(0x280000, 0x310000), Search::kBottomUp, 0x100000));
  ASSERT_TRUE(place.has_value()) << MessageOf(place);
  EXPECT_EQ(*place, Pages(0x300000, 0x301000));
}

TEST(Layout, AWindowWithUnalignedEndsIsNeverLeft) {
  Layout layout(RamMap({Range(0, 0x10000)}), kPage);
  EXPECT_EQ(MessageOf(layout.Reserve(Ask("a", 0x1000, Range(0x1001, 0x2fff), Search::kTopDown))),
            "no room for 'a': need 0x1000 bytes aligned to 0x1000 in [0x1001, 0x2fff); "
            "largest free piece is 0xfff at 0x2000");
}

TEST(Layout, SaysWhatIsNeededAndWhatIsFree) {
  Layout layout(RamMap({Range(0x100000, 0x4000000)}), kPage);
  EXPECT_EQ(
      MessageOf(layout.Reserve(Ask("initrd", 0x4000000, Range(0x200000, 0x100000000), Search::kTopDown))),
      "no room for 'initrd': need 0x4000000 bytes aligned to 0x1000 in [0x200000, 0x100000000); "
      "largest free piece is 0x3e00000 at 0x200000");
  EXPECT_EQ(MessageOf(layout.Reserve(Ask("initrd", 5, Range(0x8000000, 0x100000000), Search::kBottomUp))),
            "no room for 'initrd': need 0x1000 bytes aligned to 0x1000 in [0x8000000, 0x100000000); "
            "no free RAM is left there");
}

TEST(Layout, RefusesSizesAtTheEdgesOf64Bits) {
  Layout layout(RamMap({Range(0x1000, 0x9000)}), kPage);
  EXPECT_EQ(MessageOf(layout.Reserve(Ask("a", UINT64_MAX, Range(0, UINT64_MAX), Search::kBottomUp))),
            "no room for 'a': need 0xffffffffffffffff bytes aligned to 0x1000 in [0x0, 0xffffffffffffffff); "
            "largest free piece is 0x8000 at 0x1000");
  EXPECT_EQ(MessageOf(layout.Reserve(Ask("a", 0, Range(0, UINT64_MAX), Search::kBottomUp))),
            "'a' has no bytes to find room for");
  const auto high = layout.Reserve(Ask("a", 0x1000, Range(0, UINT64_MAX), Search::kBottomUp, 1ull << 63));
  EXPECT_EQ(MessageOf(high),
            "no room for 'a': need 0x1000 bytes aligned to 0x8000000000000000 in [0x0, 0xffffffffffffffff); "
            "no free RAM is left there");
}

TEST(Layout, ReservesExactPlacesAndNamesWhatIsInTheWay) {
  Layout layout(RamMap({Range(0x1000, 0x9000), Range(0xa000, 0xf000)}), kPage);
  const auto kernel = layout.ReserveAt("kernel", Range(0x2000, 0x3800));
  ASSERT_TRUE(kernel.has_value()) << MessageOf(kernel);
  EXPECT_EQ(*kernel, Pages(0x2000, 0x4000));
  EXPECT_EQ(MessageOf(layout.ReserveAt("initrd", Range(0x3000, 0x5000))),
            "'initrd' must be at [0x3000, 0x5000), which overlaps 'kernel' at [0x2000, 0x4000)");
  EXPECT_EQ(MessageOf(layout.ReserveAt("initrd", Range(0x8000, 0xb000))),
            "'initrd' must be at [0x8000, 0xb000), but [0x9000, 0xa000) is not free RAM");
  EXPECT_EQ(MessageOf(layout.ReserveAt("initrd", Range(0x9800, 0xb000))),
            "'initrd' must be at [0x9000, 0xb000), but [0x9000, 0xa000) is not free RAM");
  EXPECT_EQ(MessageOf(layout.ReserveAt("initrd", Range(0x20000, 0x21000))),
            "'initrd' must be at [0x20000, 0x21000), but [0x20000, 0x21000) is not free RAM");
  EXPECT_EQ(MessageOf(layout.ReserveAt("initrd", Range(0xe000, UINT64_MAX))),
            "'initrd' at [0xe000, 0xffffffffffffffff) reaches beyond the address space");
}

TEST(Layout, ExcludedMemoryIsNeverGivenOut) {
  Layout layout(RamMap({Range(0x1000, 0x9000)}), kPage);
  layout.Exclude(Range(0x2800, 0x2900));
  layout.Exclude(Range(0x8fff, UINT64_MAX));
  layout.Exclude(Range(0x20000, 0x30000));
  EXPECT_THAT(layout.Free(), ElementsAre(Range(0x1000, 0x2000), Range(0x3000, 0x8000)));
  EXPECT_EQ(MessageOf(layout.ReserveAt("a", Range(0x1000, 0x4000))),
            "'a' must be at [0x1000, 0x4000), but [0x2000, 0x3000) is not free RAM");
}

TEST(Layout, FindsTheWindowsEdgeAmongManyPiecesQuickly) {
  std::vector<MemoryRegion> regions;
  constexpr uint64_t kPieces = 200'000;
  for (uint64_t i = 0; i < kPieces; ++i)
    regions.push_back({Range(i * 0x2000, i * 0x2000 + 0x1000), MemoryType::kRam});
  Layout layout(MemoryMap::FromRegions(std::move(regions)), kPage);
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < 100'000; ++i) {
    const PhysRange window = Range((kPieces - 100'001 + i) * 0x2000 + 0x2000, kPieces * 0x2000);
    ASSERT_TRUE(layout.Reserve(Ask("a", 1, window, Search::kBottomUp)).has_value());
  }
  // A walk from the first piece would visit 10^10 of them.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

constexpr uint64_t kBitmapPages = 48;
using Bitmap = std::bitset<kBitmapPages>;

// First fit on a bitmap of free pages, by trying every aligned place.
std::optional<uint64_t> BitmapFit(const Bitmap& free, uint64_t pages, uint64_t align, uint64_t low,
                                  uint64_t high, Search search) {
  std::optional<uint64_t> best;
  for (uint64_t at = 0; at + pages <= kBitmapPages; at += align) {
    bool fits = at >= low && at + pages <= high;
    for (uint64_t i = 0; fits && i < pages; ++i) fits = free[at + i];
    if (!fits) continue;
    if (!best || search == Search::kTopDown) best = at;
  }
  return best;
}

Bitmap RandomFreePages(std::vector<MemoryRegion>& regions) {
  Bitmap free;
  const auto pieces = *rc::gen::inRange(0, 8);
  for (int i = 0; i < pieces; ++i) {
    const auto begin = *rc::gen::inRange<uint64_t>(0, kBitmapPages);
    const auto end = *rc::gen::inRange<uint64_t>(begin + 1, kBitmapPages + 1);
    regions.push_back({Range(begin * 4096, end * 4096), MemoryType::kRam});
    for (uint64_t at = begin; at < end; ++at) free[at] = true;
  }
  const auto hole = *rc::gen::inRange<uint64_t>(0, kBitmapPages);
  regions.push_back({Range(hole * 4096 + 17, hole * 4096 + 18), MemoryType::kReserved});
  free[hole] = false;
  return free;
}

TEST(LayoutProperty, AgreesWithABitmapOfPages) {
  EXPECT_TRUE(rc::check("Reserve finds what trying every place finds", [] {
    std::vector<MemoryRegion> regions;
    Bitmap free = RandomFreePages(regions);
    const MemoryMap map = MemoryMap::FromRegions(regions);
    Layout layout(map, kPage);
    const auto requests = *rc::gen::inRange(1, 10);
    for (int i = 0; i < requests; ++i) {
      const auto pages = *rc::gen::inRange<uint64_t>(1, 9);
      const uint64_t align = 1ull << *rc::gen::inRange(0, 5);
      const auto low = *rc::gen::inRange<uint64_t>(0, kBitmapPages);
      const auto high = *rc::gen::inRange<uint64_t>(low + 1, kBitmapPages + 1);
      const auto search = *rc::gen::element(Search::kBottomUp, Search::kTopDown);
      const auto expected = BitmapFit(free, pages, align, low, high, search);
      const auto got =
          layout.Reserve(Ask("x", pages * 4096 - 5, Range(low * 4096, high * 4096), search, align * 4096));
      RC_ASSERT(got.has_value() == expected.has_value());
      if (!expected) continue;
      RC_ASSERT(got->begin().raw() == *expected * 4096);
      RC_ASSERT(got->size() == pages * 4096);
      RC_ASSERT(map.IsRam(got->range()));
      for (uint64_t page = 0; page < pages; ++page) free[*expected + page] = false;
    }
  }));
}

TEST(LayoutProperty, ExactPlacesAgreeWithABitmapOfPages) {
  EXPECT_TRUE(rc::check("ReserveAt succeeds exactly where every page is free", [] {
    std::vector<MemoryRegion> regions;
    Bitmap free = RandomFreePages(regions);
    Layout layout(MemoryMap::FromRegions(regions), kPage);
    for (int i = 0; i < 8; ++i) {
      const auto begin = *rc::gen::inRange<uint64_t>(0, kBitmapPages);
      const auto end = *rc::gen::inRange<uint64_t>(begin + 1, kBitmapPages + 1);
      bool all_free = true;
      for (uint64_t at = begin; at < end; ++at) all_free &= free[at];
      if (*rc::gen::arbitrary<bool>()) {
        layout.Exclude(Range(begin * 4096 + 1, end * 4096));
      } else {
        RC_ASSERT(layout.ReserveAt("x", Range(begin * 4096, end * 4096)).has_value() == all_free);
        if (!all_free) continue;
      }
      for (uint64_t at = begin; at < end; ++at) free[at] = false;
    }
    Bitmap left;
    for (const PhysRange& piece : layout.Free()) {
      for (uint64_t at = piece.begin().raw() / 4096; at < piece.end().raw() / 4096; ++at) left[at] = true;
    }
    RC_ASSERT(left == free);
  }));
}

}  // namespace
}  // namespace kexec::testing
