// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/picture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/work.h"

namespace kexec {
namespace {

PhysRange Range(uint64_t begin, uint64_t end) {
  return PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end)).value();
}

Segment At(std::string label, uint64_t begin, uint64_t end) {
  return {std::move(label), PageRange::Exactly(Range(begin, end), Alignment::Of<4096>()).value(), {}};
}

MemoryMap Ram(std::vector<PhysRange> ranges) {
  std::vector<MemoryRegion> regions;
  for (const PhysRange& range : ranges) regions.push_back({range, MemoryType::kRam});
  return MemoryMap::FromRegions(regions);
}

TEST(SegmentLetters, AreUniqueAndTakenFromTheLabel) {
  EXPECT_EQ(SegmentLetters(std::vector{At("kernel", 0, 0x1000), At("initrd", 0x1000, 0x2000),
                                       At("initrd", 0x2000, 0x3000), At("", 0x3000, 0x4000),
                                       At("++", 0x4000, 0x5000)}),
            "KIN12");
}

TEST(DrawMemory, ShowsSegmentsInTheirRam) {
  const MemoryMap map = Ram({Range(0x1000, 0xa0000), Range(0x100000, 0x40000000)});
  const std::vector segments = {At("purgatory", 0x3000, 0x8000), At("kernel", 0x1000000, 0x5000000),
                                At("initrd", 0x3c000000, 0x3f000000)};
  EXPECT_EQ(DrawMemory(map, segments, {.columns = 60}),
            "|..PP.....     ........KKKKKKKKK..........IIIIIIIII........|\n");
}

TEST(DrawMemory, FillsExactlyTheColumns) {
  const MemoryMap map = Ram({Range(0x1000, 0x40000000)});
  for (unsigned columns = 8; columns < 200; ++columns) {
    const std::string line =
        DrawMemory(map, std::vector{At("kernel", 0x1000000, 0x5000000)}, {.columns = columns});
    EXPECT_EQ(line.size(), columns + 1) << line;
  }
}

TEST(DrawMemory, MergesGapsOfAShreddedMap) {
  std::vector<PhysRange> shreds;
  for (uint64_t i = 0; i < 400; ++i)
    shreds.push_back(Range(0x100000 + i * 0x4000, 0x100000 + i * 0x4000 + 0x1000));
  const std::string line =
      DrawMemory(Ram(shreds), std::vector{At("kernel", 0x108000, 0x109000)}, {.columns = 80});
  EXPECT_EQ(line.size(), 81u);
  EXPECT_NE(line.find('K'), std::string::npos);
}

// `count` ranges of many sizes, as far apart.
MemoryMap Shredded(uint64_t count) {
  std::vector<PhysRange> shreds;
  uint64_t at = 0x100000;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t pages = 1 + i * 0x9e3779b97f4a7c15 % 61;
    shreds.push_back(Range(at, at + pages * 0x1000));
    at += (pages + 1 + i * 0xc2b2ae3d27d4eb4f % 53) * 0x1000;
  }
  return Ram(shreds);
}

TEST(DrawMemory, JoinsTheSmallestGapsFirst) {
  const auto drawn = [](uint64_t count, uint64_t kernel) {
    return DrawMemory(Shredded(count), std::vector{At("kernel", kernel, kernel + 0x1000)}, {.columns = 70});
  };
  EXPECT_EQ(drawn(50, 0x100000), "|K                  ..                                        ..     |\n");
  EXPECT_EQ(drawn(300, 0x100000), "|K              ..        ......  ..  ........  ......  .............|\n");
  EXPECT_EQ(drawn(3000, 0x800000),
            "| K   ........  ............    ........    ......    ..........  ...|\n");
}

TEST(DrawMemory, OfAShreddedMapCostsWhatSortingItsRangesDoes) {
  const std::vector segments = {At("kernel", 0x800000, 0x801000), At("initrd", 0x900000, 0x901000)};
  const auto work = [&](uint64_t count) {
    const MemoryMap map = Shredded(count);
    return testing::MeasureWork([&] { return DrawMemory(map, segments, {}); });
  };
  const testing::Work once = work(10'000);
  testing::ExpectLinear(once, work(20'000));
  if (testing::CountsSteps()) {
    EXPECT_GT(once.steps, 10'000u);
  }
}

TEST(DrawMemory, OfNothingIsAnEmptyFrame) { EXPECT_EQ(DrawMemory({}, {}, {.columns = 10}), "||\n"); }

TEST(DrawMemory, ColoursSegmentsOnly) {
  const std::string line = DrawMemory(Ram({Range(0x1000, 0x3000)}), std::vector{At("kernel", 0x1000, 0x2000)},
                                      {.columns = 8, .color = true});
  EXPECT_EQ(line, "|\x1b[1;32mKKK\x1b[0m...|\n");
}

TEST(HumanSize, RoundsToOneDecimal) {
  EXPECT_EQ(HumanSize(0), "0 bytes");
  EXPECT_EQ(HumanSize(1), "1 byte");
  EXPECT_EQ(HumanSize(1023), "1023 bytes");
  EXPECT_EQ(HumanSize(4096), "4 KiB");
  EXPECT_EQ(HumanSize(0x3380000), "51.5 MiB");
  EXPECT_EQ(HumanSize((1u << 20) - 1), "1 MiB");
  EXPECT_EQ(HumanSize(UINT64_MAX), "16 EiB");
}

}  // namespace
}  // namespace kexec
