// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kexec/memory_map.h"
#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A machine with every shape of line seen in the field.
constexpr std::string_view kMachine =
    "00000000-00000fff : Reserved\n"
    "00001000-0009fbff : System RAM\n"
    "000a0000-000bffff : PCI Bus 0000:00\n"
    "000f0000-000fffff : Reserved\n"
    "  000f0000-000fffff : System ROM\n"
    "00100000-3ffdcfff : System RAM\n"
    "  21600000-22401ef1 : Kernel code\n"
    "  2a000000-39ffffff : Crash kernel\n"
    "3ffdd000-3ffddfff : ACPI Tables\n"
    "3ffde000-3ffdffff : ACPI Non-volatile Storage\n"
    "3ffe0000-3ffeffff : Unusable memory\n"
    "3fff0000-3fffffff : RAM buffer\n"
    "b0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]\n"
    "  b0000000-bfffffff : Reserved\n"
    "    b0000000-bfffffff : pnp 00:04\n"
    "100000000-1ffffffff : System RAM\n"
    "  1c0000000-1cfffffff : Crash kernel\n"
    "240000000-33fffffff : Persistent Memory\n"
    "  240000000-2bfffffff : dax0.0\n"
    "    240000000-2bfffffff : System RAM (kmem)\n"
    "340000000-34fffffff : Persistent Memory (legacy)\n"
    "350000000-35fffffff : Soft Reserved\n"
    "360000000-36fffffff : virtio0\n"
    "  360000000-367ffffff : System RAM (virtio_mem)\n"
    "370000000-37fffffff : Unknown E820 type\n";

TEST(ParseIomem, ReadsEveryNameTheKernelUsesForMemory) {
  const auto report = ParseIomem(kMachine);
  ASSERT_TRUE(report.has_value()) << MessageOf(report);
  EXPECT_THAT(report->map.regions(),
              ElementsAre(MemoryRegion{Range(0, 0x1000), MemoryType::kReserved},
                          MemoryRegion{Range(0x1000, 0x9fc00), MemoryType::kRam},
                          MemoryRegion{Range(0xf0000, 0x100000), MemoryType::kReserved},
                          MemoryRegion{Range(0x100000, 0x3ffdd000), MemoryType::kRam},
                          MemoryRegion{Range(0x3ffdd000, 0x3ffde000), MemoryType::kAcpiTables},
                          MemoryRegion{Range(0x3ffde000, 0x3ffe0000), MemoryType::kAcpiNvs},
                          MemoryRegion{Range(0x3ffe0000, 0x3fff0000), MemoryType::kUnusable},
                          MemoryRegion{Range(0xb0000000, 0xc0000000), MemoryType::kReserved},
                          MemoryRegion{Range(0x100000000, 0x200000000), MemoryType::kRam},
                          MemoryRegion{Range(0x240000000, 0x340000000), MemoryType::kPersistent},
                          MemoryRegion{Range(0x340000000, 0x350000000), MemoryType::kPersistentLegacy},
                          MemoryRegion{Range(0x350000000, 0x360000000), MemoryType::kSoftReserved},
                          MemoryRegion{Range(0x370000000, 0x380000000), MemoryType::kReserved}));
}

TEST(ParseIomem, KeepsBothCrashRegionsAscending) {
  const auto report = ParseIomem(kMachine);
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->crash_regions,
              ElementsAre(Range(0x2a000000, 0x3a000000), Range(0x1c0000000, 0x1d0000000)));
}

TEST(ParseIomem, KeepsDepthAndNamesWithColonsAndBrackets) {
  const auto report = ParseIomem(kMachine);
  ASSERT_TRUE(report.has_value());
  ASSERT_EQ(report->entries.size(), 25u);
  EXPECT_EQ(report->entries[12].name, "PCI MMCONFIG 0000 [bus 00-ff]");
  EXPECT_EQ(report->entries[14].depth, 2);
  EXPECT_EQ(report->entries[14].name, "pnp 00:04");
  EXPECT_EQ(report->entries[14].range, Range(0xb0000000, 0xc0000000));
}

TEST(ParseIomem, MemoryThatADriverAddsIsNoPlaceToLoadTo) {
  const auto report = ParseIomem(kMachine);
  ASSERT_TRUE(report.has_value());
  EXPECT_FALSE(report->map.IsRam(Range(0x360000000, 0x360001000)));
  EXPECT_FALSE(report->map.IsRam(Range(0x240000000, 0x240001000)));
}

TEST(ParseIomem, LowerCaseReservedInsideRamCutsIt) {
  const auto report = ParseIomem("40000000-7fffffff : System RAM\n  50000000-50000fff : reserved\n");
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->map.ram(), ElementsAre(Range(0x40000000, 0x50000000), Range(0x50001000, 0x80000000)));
  EXPECT_THAT(report->crash_regions, IsEmpty());
}

TEST(ParseIomem, TakesRegionsThatEndWithTheAddressSpace) {
  const auto report = ParseIomem(
      "00001000-00001fff : System RAM\n"
      "fffffffffffff000-ffffffffffffffff : Reserved\n"
      "ffffffffffffffff-ffffffffffffffff : Reserved\n");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->entries.size(), 2u);
  EXPECT_EQ(report->map.regions()[1].range, Range(0xfffffffffffff000, UINT64_MAX));
}

TEST(ParseIomem, AcceptsALastLineWithoutNewlineAndBlankLines) {
  const auto report = ParseIomem("\n00001000-00001fff : System RAM\n\n00002000-00002fff : System RAM");
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->map.ram(), ElementsAre(Range(0x1000, 0x3000)));
}

TEST(ParseIomem, HasNoLimitOnEntriesOrLineLength) {
  std::string text;
  for (uint64_t i = 0; i < 20'000; ++i) {
    text += fmt::format("{:x}-{:x} : System RAM\n", i * 0x2000, i * 0x2000 + 0xfff);
  }
  text += "ffff0000-ffff0fff : " + std::string(100'000, 'x') + "\n";
  const auto report = ParseIomem(text);
  ASSERT_TRUE(report.has_value()) << MessageOf(report);
  EXPECT_EQ(report->map.ram().size(), 20'000u);
  EXPECT_EQ(report->entries.back().name.size(), 100'000u);
}

struct BadIomem {
  const char* what;
  const char* text;
  const char* message;
};

class ParseIomemRefuses : public ::testing::TestWithParam<BadIomem> {};

TEST_P(ParseIomemRefuses, WithOneSentence) {
  EXPECT_EQ(MessageOf(ParseIomem(GetParam().text)), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseIomemRefuses,
    ::testing::Values(
        BadIomem{
            "hidden_addresses", "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n",
            "every address is zero: the kernel hides them from a reader without CAP_SYS_ADMIN; run as root"},
        BadIomem{"empty", "", "no line names usable 'System RAM' among 0 entries"},
        BadIomem{"no_ram", "00001000-00001fff : Reserved\n",
                 "no line names usable 'System RAM' among 1 entries"},
        BadIomem{"no_name", "00001000-00001fff : System RAM\n00002000-00002fff\n",
                 "line 2 is not 'first-last : name': '00002000-00002fff'"},
        BadIomem{"ends_before_it_begins", "00002000-00001fff : System RAM\n",
                 "line 1 is not 'first-last : name': '00002000-00001fff : System RAM'"},
        BadIomem{"number_too_long", "10000000000000000-10000000000000fff : System RAM\n",
                 "line 1 is not 'first-last : name': '10000000000000000-10000000000000fff : System RAM'"},
        BadIomem{"sign", "-1-2 : System RAM\n", "line 1 is not 'first-last : name': '-1-2 : System RAM'"},
        BadIomem{"rubbish", "hello\n", "line 1 is not 'first-last : name': 'hello'"}),
    [](const auto& row) { return row.param.what; });

TEST(ReadIomem, PutsThePathBeforeTheReason) {
  ScratchRoot scratch;
  scratch.File("proc/iomem", "00000000-00000000 : System RAM\n");
  const SystemRoot root = scratch.root();
  EXPECT_EQ(MessageOf(ReadIomem(root)),
            fmt::format("'{}/proc/iomem': every address is zero: the kernel hides them from a reader without "
                        "CAP_SYS_ADMIN; run as root",
                        scratch.path().string()));
}

TEST(ReadIomem, SaysWhatIsMissing) {
  ScratchRoot scratch;
  const auto report = ReadIomem(scratch.root());
  EXPECT_EQ(MessageOf(report),
            fmt::format("cannot open '{}/proc/iomem': No such file or directory", scratch.path().string()));
}

}  // namespace
}  // namespace kexec::testing
