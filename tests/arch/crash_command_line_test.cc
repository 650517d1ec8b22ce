// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/crash_command_line.h"

#include <gtest/gtest.h>

#include "tests/support/ranges.h"

namespace kexec::testing {
namespace {

TEST(CrashCommandLine, TellsTheHeadersInKib) {
  EXPECT_EQ(ElfcorehdrParameter(PhysAddr(0x39f5d000)), " elfcorehdr=949620K");
}

TEST(CrashCommandLine, TellsTheRsdpInHexadecimal) {
  EXPECT_EQ(AcpiRsdpParameter(0xf59e0), " acpi_rsdp=0xf59e0");
}

TEST(CrashCommandLine, TellsEveryRegionWithTheSignOfItsType) {
  const MemoryMap map = MemoryMap::FromRegions({{Range(0, 0x1000), MemoryType::kReserved},
                                                {Range(0x1000, 0x9fc00), MemoryType::kRam},
                                                {Range(0x2a000000, 0x39f5d000), MemoryType::kRam},
                                                {Range(0x3ffdd000, 0x3ffe0000), MemoryType::kAcpiTables},
                                                {Range(0x3ffe0000, 0x3fff0000), MemoryType::kAcpiNvs},
                                                {Range(0x40000000, 0x40100000), MemoryType::kPersistent},
                                                {Range(0x50000000, 0x50100000), MemoryType::kUnusable}});
  EXPECT_EQ(MemmapParameters(map),
            " memmap=exactmap memmap=4K$0K memmap=635K@4K memmap=261492K@688128K memmap=12K#1048436K "
            "memmap=64K#1048448K memmap=1024K!1048576K memmap=1024K$1310720K");
}

// memmap= counts in KiB at best: RAM must not grow by the rounding, and nothing else may shrink.
TEST(CrashCommandLine, RoundsRamInwardAndTheRestOutward) {
  const MemoryMap map = MemoryMap::FromRegions({{Range(0x1001, 0x1fff), MemoryType::kRam},
                                                {Range(0x3001, 0x33ff), MemoryType::kRam},
                                                {Range(0x5001, 0x5fff), MemoryType::kReserved}});
  EXPECT_EQ(MemmapParameters(map), " memmap=exactmap memmap=2K@5K memmap=4K$20K");
}

}  // namespace
}  // namespace kexec::testing
