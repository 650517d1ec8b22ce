// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/memory_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <chrono>
#include <optional>

#include "tests/support/ranges.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

TEST(MemoryMap, SortsAndMergesWhatTouches) {
  const auto map = RamMap({Range(0x3000, 0x4000), Range(0x1000, 0x2000), Range(0x2000, 0x3000)});
  EXPECT_THAT(map.regions(), ElementsAre(MemoryRegion{Range(0x1000, 0x4000), MemoryType::kRam}));
  EXPECT_EQ(map.ram_bytes(), 0x3000u);
}

TEST(MemoryMap, ReservedInsideRamCutsIt) {
  const auto map = MemoryMap::FromRegions(
      {{Range(0x1000, 0x9000), MemoryType::kRam}, {Range(0x4000, 0x5000), MemoryType::kReserved}});
  EXPECT_THAT(map.ram(), ElementsAre(Range(0x1000, 0x4000), Range(0x5000, 0x9000)));
  EXPECT_FALSE(map.IsRam(Range(0x3000, 0x6000)));
  EXPECT_EQ(map.FirstNonRam(Range(0x3000, 0x6000)), Range(0x4000, 0x5000));
  EXPECT_EQ(map.Find(PhysAddr(0x4fff))->type, MemoryType::kReserved);
  EXPECT_EQ(map.Find(PhysAddr(0x9000)), nullptr);
}

TEST(MemoryMap, AmongOthersTheLaterTypeWins) {
  const auto map = MemoryMap::FromRegions({{Range(0, 0x3000), MemoryType::kSoftReserved},
                                           {Range(0x1000, 0x4000), MemoryType::kReserved},
                                           {Range(0, 0x4000), MemoryType::kRam}});
  EXPECT_THAT(map.regions(), ElementsAre(MemoryRegion{Range(0, 0x3000), MemoryType::kSoftReserved},
                                         MemoryRegion{Range(0x3000, 0x4000), MemoryType::kReserved}));
  EXPECT_TRUE(map.ram().empty());
}

TEST(MemoryMap, TheSameRegionTwiceIsThatRegion) {
  const auto map = RamMap({Range(0x1000, 0x2000), Range(0x1000, 0x2000)});
  EXPECT_THAT(map.ram(), ElementsAre(Range(0x1000, 0x2000)));
  EXPECT_EQ(map.ram_bytes(), 0x1000u);
}

TEST(MemoryMap, ReachesTheEndOfTheAddressSpace) {
  const auto top = PhysRange::FromInclusive(PhysAddr(0xfffffffffffff000), PhysAddr(UINT64_MAX)).value();
  const auto map =
      MemoryMap::FromRegions({{top, MemoryType::kReserved}, {Range(0, 0x1000), MemoryType::kRam}});
  ASSERT_EQ(map.regions().size(), 2u);
  EXPECT_EQ(map.regions()[1].range.end(), PhysAddr(UINT64_MAX));
}

TEST(MemoryMap, AnEmptyMapHasNoRam) {
  const MemoryMap map = MemoryMap::FromRegions({});
  EXPECT_FALSE(map.IsRam(Range(0, 1)));
  EXPECT_EQ(map.FirstNonRam(Range(5, 9)), Range(5, 9));
  EXPECT_EQ(map.Find(PhysAddr(0)), nullptr);
}

TEST(MemoryMap, ManyOverlappingEntriesAreQuick) {
  std::vector<MemoryRegion> regions;
  for (uint64_t i = 0; i < 200'000; ++i) {
    regions.push_back({Range(i * 7919 % 1'000'003, 2'000'000 + i), MemoryType::kRam});
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto map = MemoryMap::FromRegions(std::move(regions));
  // Quadratic work would take minutes; sanitizers and a busy machine are allowed for.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(map.ram().size(), 1u);
}

// The answer cell by cell, for addresses below kCells.
constexpr uint64_t kCells = 64;
using Cells = std::array<std::optional<MemoryType>, kCells>;

Cells Paint(const std::vector<MemoryRegion>& regions) {
  Cells cells;
  for (const MemoryRegion& region : regions) {
    for (uint64_t at = region.range.begin().raw(); at < region.range.end().raw(); ++at) {
      cells[at] = std::max(cells[at].value_or(MemoryType::kRam), region.type);
    }
  }
  return cells;
}

TEST(MemoryMapProperty, EqualsPaintingCellByCell) {
  EXPECT_TRUE(rc::check("a map agrees with an array of cells", [] {
    const auto count = *rc::gen::inRange(0, 12);
    std::vector<MemoryRegion> regions;
    for (int i = 0; i < count; ++i) {
      const auto begin = *rc::gen::inRange<uint64_t>(0, kCells - 1);
      const auto end = *rc::gen::inRange<uint64_t>(begin + 1, kCells);
      regions.push_back({Range(begin, end), static_cast<MemoryType>(*rc::gen::inRange(0, 8))});
    }
    const Cells cells = Paint(regions);
    const MemoryMap map = MemoryMap::FromRegions(regions);
    for (uint64_t at = 0; at < kCells; ++at) {
      const MemoryRegion* found = map.Find(PhysAddr(at));
      RC_ASSERT((found == nullptr) == !cells[at].has_value());
      if (found != nullptr) RC_ASSERT(found->type == *cells[at]);
    }
    for (size_t i = 1; i < map.regions().size(); ++i) {
      const auto &before = map.regions()[i - 1], &after = map.regions()[i];
      RC_ASSERT(before.range.end() <= after.range.begin());
      RC_ASSERT(before.range.end() < after.range.begin() || before.type != after.type);
    }
    const auto begin = *rc::gen::inRange<uint64_t>(0, kCells - 1);
    const auto end = *rc::gen::inRange<uint64_t>(begin + 1, kCells);
    bool all_ram = true;
    for (uint64_t at = begin; at < end; ++at) all_ram &= cells[at] == MemoryType::kRam;
    RC_ASSERT(map.IsRam(Range(begin, end)) == all_ram);
    RC_ASSERT(map.FirstNonRam(Range(begin, end)).has_value() == !all_ram);
  }));
}

}  // namespace
}  // namespace kexec::testing
