// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/crash_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CrashMemory MemoryOf(std::string_view iomem, const std::vector<PhysRange>& cma = {}) {
  const auto report = ParseIomem(iomem);
  EXPECT_EQ(MessageOf(report), "success");
  return MakeCrashMemory(*report, cma);
}

TEST(CrashMemory, IsRamWithoutTheCrashRegions) {
  const CrashMemory memory = MemoryOf(
      "00000000-00000fff : Reserved\n"
      "00001000-0009fbff : System RAM\n"
      "00100000-7ffdcfff : System RAM\n"
      "  6d000000-7cffffff : Crash kernel\n"
      "7ffdd000-7fffffff : Reserved\n"
      "100000000-1bfffffff : System RAM\n"
      "  189600000-18a401ef1 : Kernel code\n"
      "  1af000000-1beffffff : Crash kernel\n");
  EXPECT_THAT(memory.regions, ElementsAre(Range(0x6d000000, 0x7d000000), Range(0x1af000000, 0x1bf000000)));
  EXPECT_THAT(memory.cma, IsEmpty());
  EXPECT_THAT(memory.dumped,
              ElementsAre(Range(0x1000, 0x9fc00), Range(0x100000, 0x6d000000), Range(0x7d000000, 0x7ffdd000),
                          Range(0x100000000, 0x1af000000), Range(0x1bf000000, 0x1c0000000)));
}

TEST(CrashMemory, HoldsRamThatDriversAddedAtAnyDepth) {
  const CrashMemory memory = MemoryOf(
      "00100000-3fffffff : System RAM\n"
      "140000000-17fffffff : Persistent Memory\n"
      "  140000000-14fffffff : namespace0.0\n"
      "  150000000-17fffffff : dax0.0\n"
      "    150000000-17fffffff : System RAM (kmem)\n"
      "240000000-33fffffff : virtio0\n"
      "  240000000-24fffffff : System RAM (virtio_mem)\n"
      "  258000000-25fffffff : System RAM (virtio_mem)\n");
  EXPECT_THAT(memory.dumped, ElementsAre(Range(0x100000, 0x40000000), Range(0x150000000, 0x180000000),
                                         Range(0x240000000, 0x250000000), Range(0x258000000, 0x260000000)));
}

TEST(CrashMemory, DumpsReservedPiecesInsideRamButNotTheGartAperture) {
  const CrashMemory memory = MemoryOf(
      "00100000-3fffffff : System RAM\n"
      "  08000000-0bffffff : GART\n"
      "  10000000-10000fff : Reserved\n"
      "  20000000-20000fff : GART for something else\n");
  EXPECT_THAT(memory.dumped, ElementsAre(Range(0x100000, 0x8000000), Range(0xc000000, 0x40000000)));
}

// Its pages belong to processes, and the crash kernel runs in them: what they held is gone by then.
TEST(CrashMemory, DumpsNoCmaRanges) {
  const CrashMemory memory =
      MemoryOf("00100000-3fffffff : System RAM\n  30000000-3fffffff : Crash kernel\n",
               {Range(0x20000000, 0x22000000), Range(0x10000000, 0x12000000), Range(0x12000000, 0x13000000)});
  EXPECT_THAT(memory.cma, ElementsAre(Range(0x10000000, 0x13000000), Range(0x20000000, 0x22000000)));
  EXPECT_THAT(memory.dumped, ElementsAre(Range(0x100000, 0x10000000), Range(0x13000000, 0x20000000),
                                         Range(0x22000000, 0x30000000)));
}

TEST(CrashMemory, KeepsTouchingCrashRegionsApartAndUnitesOverlappingOnes) {
  const CrashMemory memory = MemoryOf(
      "00100000-7fffffff : System RAM\n"
      "  10000000-1fffffff : Crash kernel\n"
      "  20000000-2fffffff : Crash kernel\n"
      "  40000000-4fffffff : Crash kernel\n"
      "  48000000-57ffffff : Crash kernel\n"
      "  49000000-49ffffff : Crash kernel\n");
  EXPECT_THAT(memory.regions, ElementsAre(Range(0x10000000, 0x20000000), Range(0x20000000, 0x30000000),
                                          Range(0x40000000, 0x58000000)));
}

TEST(CrashMemory, MayBeNothingAtAll) {
  const CrashMemory memory =
      MemoryOf("00100000-001fffff : System RAM\n", {Range(0, 0x80000), Range(0x80000, 0x400000)});
  EXPECT_THAT(memory.dumped, IsEmpty());
  EXPECT_THAT(memory.cma, ElementsAre(Range(0, 0x400000)));
}

// Any lines, in any order and overlapping in any way, compared with painting them page by page.
constexpr uint64_t kPages = 48;
constexpr uint64_t kPage = 4096;
using Pages48 = std::array<bool, kPages>;

PhysRange AnyRange() {
  const auto first = *rc::gen::inRange<uint64_t>(0, kPages);
  const auto last = *rc::gen::inRange<uint64_t>(first, kPages);
  return Range(first * kPage, (last + 1) * kPage);
}

void Paint(Pages48& pages, const PhysRange& range) {
  for (uint64_t at = range.begin().raw(); at < range.end().raw(); at += kPage) pages[at / kPage] = true;
}

RC_GTEST_PROP(CrashMemory, IsWhatPaintingPageByPageGives, ()) {
  constexpr std::array<std::string_view, 7> kNames = {
      "System RAM", "System RAM (kmem)", "System RAM", "Reserved", "GART", "Crash kernel", "Kernel code"};
  IomemReport report;
  Pages48 ram{}, excluded{};
  for (int lines = *rc::gen::inRange(0, 30); lines > 0; --lines) {
    const PhysRange range = AnyRange();
    const std::string name(kNames[*rc::gen::inRange<size_t>(0, kNames.size())]);
    report.entries.push_back({*rc::gen::inRange(0, 3), range, name});
    if (name == "Crash kernel") report.crash_regions.push_back(range);
    if (name.starts_with("System RAM")) Paint(ram, range);
    if (name == "GART" || name == "Crash kernel") Paint(excluded, range);
  }
  std::vector<PhysRange> cma;
  for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
    cma.push_back(AnyRange());
    Paint(excluded, cma.back());
  }
  Pages48 found{};
  std::optional<PhysRange> before;
  for (const PhysRange& range : MakeCrashMemory(report, cma).dumped) {
    if (before) RC_ASSERT(before->end() < range.begin());
    Paint(found, range);
    before = range;
  }
  for (uint64_t page = 0; page < kPages; ++page) RC_ASSERT(found[page] == (ram[page] && !excluded[page]));
}

TEST(CrashMemory, TakesTwoHundredThousandRangesInAMoment) {
  IomemReport report;
  for (uint64_t i = 200'000; i > 0; --i) {
    report.entries.push_back({0, Range(i * 0x4000, i * 0x4000 + 0x2000), "System RAM"});
    report.entries.push_back({1, Range(i * 0x4000 + 0x1000, i * 0x4000 + 0x2000), "GART"});
  }
  const CrashMemory memory = MakeCrashMemory(report, {});
  ASSERT_EQ(memory.dumped.size(), 200'000u);
  EXPECT_EQ(memory.dumped.front(), Range(0x4000, 0x5000));
}

TEST(CmaRanges, AreReadFromEitherPlace) {
  for (const char* path : {"sys/kernel/kexec/crash_cma_ranges", "sys/kernel/kexec_crash_cma_ranges"}) {
    ScratchRoot scratch;
    EXPECT_THAT(ReadCmaRanges(scratch.root()).value(), IsEmpty());
    scratch.File(path, "240000000-247ffffff\n10000000-10ffffff\n");
    EXPECT_THAT(ReadCmaRanges(scratch.root()).value(),
                ElementsAre(Range(0x240000000, 0x248000000), Range(0x10000000, 0x11000000)));
    scratch.File(path, "");
    EXPECT_THAT(ReadCmaRanges(scratch.root()).value(), IsEmpty());
  }
}

TEST(CmaRanges, ThatMakeNoSenseAreRefusedWithTheirLine) {
  ScratchRoot scratch;
  scratch.File("sys/kernel/kexec_crash_cma_ranges", "10000000-10ffffff\n20000000\n");
  EXPECT_EQ(MessageOf(ReadCmaRanges(scratch.root())),
            fmt::format("'{}/sys/kernel/kexec_crash_cma_ranges': line 2 is not 'first-last' in hexadecimal: "
                        "'20000000'",
                        scratch.path().string()));
  for (const char* bad : {"-", "1-", "-1", "2-1", "0x1-0x2", "1-2 ", "1-2-3", "10000000000000000-1"}) {
    EXPECT_EQ(MessageOf(ParseCmaRanges(bad)),
              fmt::format("line 1 is not 'first-last' in hexadecimal: '{}'", bad));
  }
}

TEST(ReadCrashMemory, PutsIomemAndCmaTogether) {
  ScratchRoot scratch;
  scratch.File("proc/iomem", "00100000-3fffffff : System RAM\n  30000000-37ffffff : Crash kernel\n")
      .File("sys/kernel/kexec_crash_cma_ranges", "20000000-23ffffff\n");
  const auto memory = ReadCrashMemory(scratch.root());
  ASSERT_EQ(MessageOf(memory), "success");
  EXPECT_THAT(memory->regions, ElementsAre(Range(0x30000000, 0x38000000)));
  EXPECT_THAT(memory->dumped, ElementsAre(Range(0x100000, 0x20000000), Range(0x24000000, 0x30000000),
                                          Range(0x38000000, 0x40000000)));
}

}  // namespace
}  // namespace kexec::testing
