// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/x86_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr std::string_view kIomem =
    "00001000-0009fbff : System RAM\n"
    "00100000-3fffffff : System RAM\n"
    "  10000000-1fffffff : Crash kernel\n"
    "100000000-13fffffff : Reserved\n"
    "140000000-17fffffff : virtio0\n"
    "  140000000-147ffffff : System RAM (virtio_mem)\n";

ScratchRoot& WithFirmware(ScratchRoot& scratch) {
  return scratch.FirmwareMemory(0, 0x9fbff, "System RAM")
      .FirmwareMemory(0x100000, 0x3fffffff, "System RAM")
      .FirmwareMemory(0x100000000, 0x13fffffff, "System RAM")
      .FirmwareMemory(0xfffc0000, 0xffffffff, "Reserved");
}

TEST(X86Memory, HandsOverTheFirmwaresMapAndPlacesWhereBothHaveRam) {
  ScratchRoot scratch;
  WithFirmware(scratch).File("proc/iomem", kIomem);
  RecordingDiagnostics diagnostics;
  const auto memory = ReadX86Memory(scratch.root(), ReadIomem(scratch.root()), diagnostics);
  ASSERT_TRUE(memory.has_value()) << memory.error().message();
  EXPECT_THAT(memory->handed_over.ram(),
              ElementsAre(Range(0, 0x9fc00), Range(0x100000, 0x40000000), Range(0x100000000, 0x140000000)));
  EXPECT_THAT(memory->placeable.ram(), ElementsAre(Range(0x1000, 0x9fc00), Range(0x100000, 0x40000000)));
  EXPECT_THAT(memory->crash_regions, ElementsAre(Range(0x10000000, 0x20000000)));
}

TEST(X86Memory, WorksForAReaderTheKernelHidesAddressesFrom) {
  ScratchRoot scratch;
  WithFirmware(scratch).File("proc/iomem",
                             "00000000-00000000 : System RAM\n00000000-00000000 : Crash kernel\n");
  RecordingDiagnostics diagnostics;
  const auto memory = ReadX86Memory(scratch.root(), ReadIomem(scratch.root()), diagnostics);
  ASSERT_TRUE(memory.has_value()) << memory.error().message();
  EXPECT_THAT(memory->placeable.ram(),
              ElementsAre(Range(0, 0x9fc00), Range(0x100000, 0x40000000), Range(0x100000000, 0x140000000)));
  EXPECT_THAT(memory->crash_regions, IsEmpty());
}

TEST(X86Memory, UsesIomemWithoutAFirmwareMapAndLeavesDriversMemoryAlone) {
  ScratchRoot scratch;
  scratch.File("proc/iomem", kIomem);
  RecordingDiagnostics diagnostics;
  const auto memory = ReadX86Memory(scratch.root(), ReadIomem(scratch.root()), diagnostics);
  ASSERT_TRUE(memory.has_value()) << memory.error().message();
  EXPECT_THAT(memory->handed_over.ram(), ElementsAre(Range(0x1000, 0x9fc00), Range(0x100000, 0x40000000)));
  EXPECT_EQ(memory->handed_over.regions().size(), 3u);
}

TEST(X86Memory, UsesIomemWithAddEfiMemmapAsAWord) {
  ScratchRoot scratch;
  WithFirmware(scratch)
      .File("proc/iomem", kIomem)
      .File("proc/cmdline", "quiet add_efi_memmap=no no_add_efi_memmap\n");
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(ReadX86Memory(scratch.root(), ReadIomem(scratch.root()), diagnostics)->handed_over.ram().size(),
            3u);
  scratch.File("proc/cmdline", "quiet add_efi_memmap\n");
  EXPECT_EQ(ReadX86Memory(scratch.root(), ReadIomem(scratch.root()), diagnostics)->handed_over.ram().size(),
            2u);
  scratch.Remove("proc/iomem");
  EXPECT_EQ(MessageOf(ReadX86Memory(scratch.root(), ReadIomem(scratch.root()), diagnostics)),
            fmt::format("cannot read the memory map: cannot open '{}': No such file or directory",
                        (scratch.path() / "proc/iomem").string()));
}

TEST(X86Memory, DistrustsAnIomemThatSharesNothingWithTheFirmware) {
  ScratchRoot scratch;
  WithFirmware(scratch).File("proc/iomem", "200000000-2ffffffff : System RAM\n");
  RecordingDiagnostics diagnostics;
  const auto memory = ReadX86Memory(scratch.root(), ReadIomem(scratch.root()), diagnostics);
  EXPECT_EQ(memory->placeable.ram().size(), 3u);
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(
          "the firmware's memory map and /proc/iomem have no RAM in common; placing by the firmware's"));
}

TEST(HasWord, IgnoresPartsOfWords) {
  EXPECT_TRUE(HasWord("a b\tc\n", "c"));
  EXPECT_TRUE(HasWord("a", "a"));
  EXPECT_FALSE(HasWord("ab ba a=b", "a"));
  EXPECT_FALSE(HasWord("", "a"));
  EXPECT_TRUE(HasWord("a b=1", "b="));
  EXPECT_FALSE(HasWord("ab=1 b", "b="));
}

// Boot-services data, runtime services data, and MMIO that no entry of the map holds.
TEST(ReserveKept, TakesOutWhatTheRunningKernelNoLongerUses) {
  const MemoryMap map = MemoryMap::FromRegions({{Range(0, 0x400000), MemoryType::kRam},
                                                {Range(0x400000, 0x500000), MemoryType::kAcpiNvs},
                                                {Range(0x500000, 0x501000), MemoryType::kReserved},
                                                {Range(0x501000, 0x800000), MemoryType::kRam}});
  const std::vector<PhysRange> named = {Range(0xffc00000, 0x100000000), Range(0x3ff000, 0x401000),
                                        Range(0x300000, 0x323000),      Range(0x310000, 0x318000),
                                        Range(0x500000, 0x502000),      Range(0, 0x1000),
                                        Range(0x200000, 0x210000)};
  const MemoryMap running =
      RamMap({Range(0x1000, 0x300000), Range(0x323000, 0x3ff000), Range(0x502000, 0x800000)});
  EXPECT_THAT(ReserveKept(map, named, running).regions(),
              ElementsAre(MemoryRegion{Range(0, 0x300000), MemoryType::kRam},
                          MemoryRegion{Range(0x300000, 0x323000), MemoryType::kReserved},
                          MemoryRegion{Range(0x323000, 0x3ff000), MemoryType::kRam},
                          MemoryRegion{Range(0x3ff000, 0x400000), MemoryType::kReserved},
                          MemoryRegion{Range(0x400000, 0x500000), MemoryType::kAcpiNvs},
                          MemoryRegion{Range(0x500000, 0x502000), MemoryType::kReserved},
                          MemoryRegion{Range(0x502000, 0x800000), MemoryType::kRam}));
}

TEST(ReserveKept, ChangesNothingWithoutRanges) {
  const MemoryMap map = RamMap({Range(0x101000, 0x102000), Range(0x103000, 0x104000)});
  EXPECT_THAT(ReserveKept(map, {}, MemoryMap()).regions(), ElementsAreArray(map.regions()));
}

}  // namespace
}  // namespace kexec::testing
