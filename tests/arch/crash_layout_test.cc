// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/crash_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

constexpr size_t kHeader = 64, kProgramHeader = 56;  // sizes of Elf64_Ehdr and Elf64_Phdr

// 1 GiB with 256 MiB reserved at the end but one, as a BIOS machine has it.
X86Facts SmallMachine() {
  X86Facts facts;
  facts.memory.handed_over = MemoryMap::FromRegions({{Range(0, 0x9fc00), MemoryType::kRam},
                                                     {Range(0x9fc00, 0xa0000), MemoryType::kReserved},
                                                     {Range(0x100000, 0x3ffdd000), MemoryType::kRam},
                                                     {Range(0x3ffdd000, 0x40000000), MemoryType::kAcpiNvs}});
  facts.memory.placeable = RamMap({Range(0x1000, 0x9fc00), Range(0x100000, 0x3ffdd000)});
  facts.memory.crash_regions = {Range(0x2a000000, 0x3a000000)};
  return facts;
}

CrashFacts SmallCrash() {
  CrashFacts crash;
  crash.memory.regions = {Range(0x2a000000, 0x3a000000)};
  crash.memory.dumped = {Range(0x1000, 0x9fc00), Range(0x100000, 0x2a000000), Range(0x3a000000, 0x3ffdd000)};
  crash.cpu_notes = {Range(0x3a239400, 0x3a239570)};
  crash.vmcoreinfo = Range(0x3a2fe000, 0x3a2ff024);
  crash.mapping.text = KernelText{Range(0x21600000, 0x23e30000), 0xffffffff91200000};
  crash.mapping.page_offset = 0xff27580240000000;
  return crash;
}

struct CrashLayoutTest : ::testing::Test {
  CrashLayoutTest() : inputs(InputsFor(SmallKernel(), {0x1000}, "console=ttyS0")) {
    inputs.kind = LoadKind::kCrash;
  }

  Result<X86CrashBoot> Place() {
    KEXEC_ASSIGN(const LinuxImage image, MakeLinuxImage(facts, inputs, diagnostics));
    return PlaceCrashExtras(facts, crash, inputs, image, diagnostics);
  }
  BzImage& kernel() { return std::get<BzImage>(inputs.kernel.image); }

  X86Facts facts = SmallMachine();
  CrashFacts crash = SmallCrash();
  BootInputs inputs;
  RecordingDiagnostics diagnostics;
};

TEST_F(CrashLayoutTest, TakesTheTopOfTheRegion) {
  const auto boot = Place();
  ASSERT_EQ(MessageOf(boot), "success");
  ASSERT_TRUE(boot->extras.backup.has_value());
  EXPECT_EQ(boot->extras.backup->source, Range(0x1000, 0x9fc00));
  EXPECT_EQ(boot->extras.backup->backup, Pages(0x39f61000, 0x3a000000));
  EXPECT_EQ(boot->extras.core_headers, Pages(0x39f60000, 0x39f61000));
  EXPECT_EQ(boot->extras.core_header_bytes.size(), kHeader + 6 * kProgramHeader);
  EXPECT_FALSE(boot->extras.kernel_updates_headers);
  EXPECT_EQ(boot->inputs.window, Range(0x2a000000, 0x3a000000));
  EXPECT_THAT(
      boot->facts.memory.placeable.ram(),
      ElementsAre(Range(0x1000, 0x9f000), Range(0x100000, 0x39f60000), Range(0x3a000000, 0x3ffdd000)));
}

TEST_F(CrashLayoutTest, LeavesTheCrashKernelItsOwnMemoryOnly) {
  const auto boot = Place();
  EXPECT_THAT(boot->facts.memory.handed_over.regions(),
              ElementsAre(MemoryRegion{Range(0x1000, 0x9fc00), MemoryType::kRam},
                          MemoryRegion{Range(0x9fc00, 0xa0000), MemoryType::kReserved},
                          MemoryRegion{Range(0x2a000000, 0x39f60000), MemoryType::kRam},
                          MemoryRegion{Range(0x3ffdd000, 0x40000000), MemoryType::kAcpiNvs}));
  EXPECT_EQ(boot->inputs.command_line, "console=ttyS0 elfcorehdr=949632K");
}

// crashkernel=...,high: loaded into the upper region, the lower one is memory for DMA.
TEST_F(CrashLayoutTest, UsesTheLowPartAndWhatWasLent) {
  facts.memory.handed_over = RamMap({Range(0x100000, 0x80000000), Range(0x100000000, 0x1c0000000)});
  facts.memory.placeable = facts.memory.handed_over;
  crash.memory.regions = {Range(0x70000000, 0x78000000), Range(0x1b0000000, 0x1bf000000)};
  crash.memory.cma = {Range(0x140000000, 0x150000000)};
  crash.memory.dumped = {Range(0x100000, 0x70000000), Range(0x78000000, 0x80000000)};
  const auto boot = Place();
  ASSERT_EQ(MessageOf(boot), "success");
  EXPECT_FALSE(boot->extras.backup.has_value());
  EXPECT_EQ(boot->extras.core_headers, Pages(0x1befff000, 0x1bf000000));
  EXPECT_THAT(boot->facts.memory.handed_over.ram(),
              ElementsAre(Range(0x70000000, 0x78000000), Range(0x140000000, 0x150000000),
                          Range(0x1b0000000, 0x1befff000)));
}

TEST_F(CrashLayoutTest, BacksUpFromTheFirstToTheLastLowByte) {
  crash.memory.dumped = {Range(0x1400, 0x58000), Range(0x59000, 0x9f000), Range(0x100000, 0x2a000000)};
  const auto boot = Place();
  EXPECT_EQ(boot->extras.backup->source, Range(0x1000, 0x9f000));
  EXPECT_THAT(boot->facts.memory.handed_over.ram(),
              ElementsAre(Range(0x1400, 0x58000), Range(0x59000, 0x9f000), Range(0x2a000000, 0x39f61000)));
}

TEST_F(CrashLayoutTest, LetsTheKernelUpdateTheHeaders) {
  inputs.crash.hotplug = true;
  crash.elfcorehdr_size = 0xe1234;
  const auto boot = Place();
  EXPECT_TRUE(boot->extras.kernel_updates_headers);
  EXPECT_EQ(boot->extras.core_headers, Pages(0x39e7f000, 0x39f61000));
  crash.elfcorehdr_size = 8;
  EXPECT_EQ(Place()->extras.core_headers, Pages(0x39f60000, 0x39f61000));
}

TEST_F(CrashLayoutTest, SaysWhenTheKernelCannotUpdateThem) {
  inputs.crash.hotplug = true;
  EXPECT_FALSE(Place()->extras.kernel_updates_headers);
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre("--hotplug: the running kernel cannot update the core headers; load the crash kernel "
                  "again when CPUs or memory have come or gone"));
}

TEST_F(CrashLayoutTest, TellsTheMemoryOnTheCommandLineOnRequest) {
  inputs.crash.memmap_on_command_line = true;
  const auto boot = Place();
  EXPECT_EQ(boot->inputs.command_line,
            "console=ttyS0 memmap=exactmap memmap=635K@4K memmap=1K$639K memmap=261504K@688128K "
            "memmap=140K#1048436K elfcorehdr=949632K");
  EXPECT_EQ(boot->facts.memory.handed_over.ram_bytes(), facts.memory.handed_over.ram_bytes());
}

TEST_F(CrashLayoutTest, NamesTheRsdpToKernelsThatCannotBeToldOtherwise) {
  facts.acpi_rsdp = 0xf59e0;
  kernel().protocol = 0x020d;
  EXPECT_EQ(Place()->inputs.command_line, "console=ttyS0 acpi_rsdp=0xf59e0 elfcorehdr=949632K");
  kernel().protocol = 0x020e;
  EXPECT_EQ(Place()->inputs.command_line, "console=ttyS0 elfcorehdr=949632K");
}

TEST_F(CrashLayoutTest, RefusesACommandLineThatHasNoRoomForMore) {
  kernel().command_line_max = 30;
  const auto boot = Place();
  EXPECT_EQ(
      MessageOf(boot),
      "the command line has 13 bytes and a crash kernel needs 19 more, but this kernel takes at most 30; "
      "shorten it");
  EXPECT_EQ(boot.error().code(), Errc::kDoesNotFit);
}

TEST_F(CrashLayoutTest, RefusesARegionTheKernelCannotReach) {
  crash.memory.regions = {Range(0x1b0000000, 0x1bf000000)};
  kernel().can_load_above_4g = false;
  EXPECT_EQ(MessageOf(Place()),
            "the crash region [0x1b0000000, 0x1bf000000) reaches above 4 GiB, where this kernel cannot be "
            "loaded; reserve it below, with crashkernel=SIZE without ',high'");
}

TEST_F(CrashLayoutTest, KeepsToTheWindowInsideTheRegion) {
  inputs.window = Range(0x30000000, 0x32000000);
  EXPECT_EQ(Place()->extras.backup->backup, Pages(0x31f61000, 0x32000000));
  EXPECT_EQ(Place()->inputs.window, Range(0x30000000, 0x32000000));
  inputs.window = Range(0x1000000, 0x2000000);
  EXPECT_EQ(MessageOf(Place()),
            "the crash region [0x2a000000, 0x3a000000) lies outside --mem-min and --mem-max, [0x1000000, "
            "0x2000000)");
}

}  // namespace
}  // namespace kexec::testing
