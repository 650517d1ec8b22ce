// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kexec/memory_map.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

TEST(FirmwareMemmap, ReadsEveryTypeInAnyOrder) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0x100000, 0x3ffdcfff, "System RAM")
      .FirmwareMemory(0, 0x9fbff, "System RAM")
      .FirmwareMemory(0x9fc00, 0x9ffff, "Reserved")
      .FirmwareMemory(0x3ffdd000, 0x3ffddfff, "ACPI Tables")
      .FirmwareMemory(0x3ffde000, 0x3ffdefff, "ACPI Non-volatile Storage")
      .FirmwareMemory(0x3ffdf000, 0x3ffdffff, "Unusable memory")
      .FirmwareMemory(0x3ffe0000, 0x3ffe0fff, "Persistent Memory")
      .FirmwareMemory(0x3ffe1000, 0x3ffe1fff, "Persistent Memory (legacy)")
      .FirmwareMemory(0x3ffe2000, 0x3ffe2fff, "Soft Reserved")
      .FirmwareMemory(0xfffffffffffff000, UINT64_MAX, "Unknown E820 type");
  RecordingDiagnostics diagnostics;
  const auto map = ReadFirmwareMemmap(scratch.root(), diagnostics);
  ASSERT_TRUE(map.has_value()) << MessageOf(map);
  EXPECT_THAT(map->regions(),
              ElementsAre(MemoryRegion{Range(0, 0x9fc00), MemoryType::kRam},
                          MemoryRegion{Range(0x9fc00, 0xa0000), MemoryType::kReserved},
                          MemoryRegion{Range(0x100000, 0x3ffdd000), MemoryType::kRam},
                          MemoryRegion{Range(0x3ffdd000, 0x3ffde000), MemoryType::kAcpiTables},
                          MemoryRegion{Range(0x3ffde000, 0x3ffdf000), MemoryType::kAcpiNvs},
                          MemoryRegion{Range(0x3ffdf000, 0x3ffe0000), MemoryType::kUnusable},
                          MemoryRegion{Range(0x3ffe0000, 0x3ffe1000), MemoryType::kPersistent},
                          MemoryRegion{Range(0x3ffe1000, 0x3ffe2000), MemoryType::kPersistentLegacy},
                          MemoryRegion{Range(0x3ffe2000, 0x3ffe3000), MemoryType::kSoftReserved},
                          MemoryRegion{Range(0xfffffffffffff000, UINT64_MAX), MemoryType::kReserved}));
}

TEST(FirmwareMemmap, TakesAnUnknownTypeAsReservedAndSaysSo) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0, 0xfff, "System RAM").FirmwareMemory(0, 0x7ff, "Quantum foam");
  RecordingDiagnostics diagnostics;
  const auto map = ReadFirmwareMemmap(scratch.root(), diagnostics);
  ASSERT_TRUE(map.has_value()) << MessageOf(map);
  EXPECT_THAT(map->ram(), ElementsAre(Range(0x800, 0x1000)));
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre(fmt::format(
                  "memory of unknown type 'Quantum foam' in '{}/sys/firmware/memmap/1' is taken as reserved",
                  scratch.path().string())));
}

TEST(FirmwareMemmap, TellsOfManyUnknownTypesOnce) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0, 0xfff, "System RAM");
  for (const char* type : {"Foam", "Froth", "Foam"}) scratch.FirmwareMemory(0x1000, 0x17ff, type);
  RecordingDiagnostics diagnostics;
  ASSERT_TRUE(ReadFirmwareMemmap(scratch.root(), diagnostics).has_value());
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre(fmt::format(
                  "memory of unknown type 'Foam' in '{}/sys/firmware/memmap/1', and in 2 more, is "
                  "taken as reserved",
                  scratch.path().string())));
}

TEST(FirmwareMemmap, RefusesWhatIsNoAddress) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0, 0xfff, "System RAM").File("sys/firmware/memmap/0/end", "0xfffz\n");
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(
      MessageOf(ReadFirmwareMemmap(scratch.root(), diagnostics)),
      fmt::format("'{}/sys/firmware/memmap/0/end': '0xfffz' is not an address", scratch.path().string()));
}

TEST(FirmwareMemmap, RefusesAnEntryThatEndsBeforeItsStart) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0x2000, 0x1fff, "System RAM");
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(MessageOf(ReadFirmwareMemmap(scratch.root(), diagnostics)),
            fmt::format("'{}/sys/firmware/memmap/0' ends at 0x1fff, before its start 0x2000",
                        scratch.path().string()));
}

TEST(FirmwareMemmap, RefusesAMapWithoutRam) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0x2000, 0x2fff, "Reserved");
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(
      MessageOf(ReadFirmwareMemmap(scratch.root(), diagnostics)),
      fmt::format("'{}/sys/firmware/memmap' names no 'System RAM' among 1 entries", scratch.path().string()));
}

TEST(FirmwareMemmap, SaysWhenTheKernelHasNone) {
  ScratchRoot scratch;
  RecordingDiagnostics diagnostics;
  const auto map = ReadFirmwareMemmap(scratch.root(), diagnostics);
  EXPECT_EQ(MessageOf(map), fmt::format("cannot list '{}/sys/firmware/memmap': No such file or directory",
                                        scratch.path().string()));
  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().sys_errno(), ENOENT);
}

}  // namespace
}  // namespace kexec::testing
