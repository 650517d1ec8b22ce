// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel that can jump back: its whole RAM is segments, and what is no segment is not its RAM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/machine.h"
#include "kexec/syscalls.h"
#include "kexec/validate.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

constexpr uint32_t kRam = 1;  // E820_TYPE_RAM
constexpr uint64_t kEnd = 0x2000000;

struct X86PreservedBoot : ::testing::Test {
  X86PreservedBoot() : inputs(InputsFor(SmallKernel(), {0x1234}, "console=ttyS0")) {
    inputs.preserve_context = true;
    inputs.window = Range(0, kEnd);
    scratch.File("proc/sys/kernel/arch", "x86_64\n")
        .File("proc/meminfo", "MemTotal: 1048576 kB\n")
        .File("proc/iomem",
              "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n0009fc00-0009ffff : Reserved\n"
              "00100000-3ffdcfff : System RAM\n"
              "  01000000-01ffffff : Crash kernel\n")
        .FirmwareMemory(0, 0x9fbff, "System RAM")
        .FirmwareMemory(0x9fc00, 0x9ffff, "Reserved")
        .FirmwareMemory(0x100000, 0x3ffdcfff, "System RAM")
        .FirmwareMemory(0x3ffdd000, 0x3fffffff, "ACPI Tables");
  }

  Result<LoadPlan> Plan() {
    machine = *ReadMachine(scratch.root(), LoadKind::kNormal, diagnostics);
    KEXEC_ASSIGN(const auto placed, machine->Place(inputs, diagnostics));
    return placed->Emit();
  }

  ScratchRoot scratch;
  BootInputs inputs;
  RecordingDiagnostics diagnostics;
  std::unique_ptr<Machine> machine;
};

TEST_F(X86PreservedBoot, ExchangesAllMemoryOfTheNewKernelAndNoOther) {
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(MessageOf(Validate(*plan, machine->limits())), "success");
  EXPECT_EQ(plan->flags, kKexecPreserveContext);
  std::vector<MemoryRegion> covered;
  for (const Segment& segment : plan->segments) covered.push_back({segment.dest.range(), MemoryType::kRam});
  const MemoryMap segments = MemoryMap::FromRegions(covered);
  // The memory reserved for a crash kernel is among it: what is loaded there is kept like everything else.
  EXPECT_THAT(segments.ram(), ElementsAre(Range(0x1000, 0x9f000), Range(0x100000, kEnd)));

  std::vector<PhysRange> ram;
  const ReadBoot boot = FollowBoot(MemoryOf(*plan), plan->entry);
  for (const E820Entry& entry : boot.e820) {
    if (entry.type == kRam) ram.push_back(Range(entry.addr, entry.addr + entry.size));
  }
  EXPECT_EQ(ram, std::vector(segments.ram().begin(), segments.ram().end()));
  EXPECT_EQ(boot.e820.size(), ram.size() + 2);  // what the firmware reserved stays
}

TEST_F(X86PreservedBoot, LeavesPurgatoryRoomForTheAddress) {
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(plan->command_line,
            "console=ttyS0 kexec_jump_back_entry=0x0000000000000000 kexec_jump_back_cr3=0x0000000000000000");
  const ReadBoot boot = FollowBoot(MemoryOf(*plan), plan->entry);
  EXPECT_EQ(boot.command_line, plan->command_line);
  const uint64_t line = boot.params_address + 0x1000;
  EXPECT_EQ(boot.purgatory.jump_back_digits - line, plan->command_line.find("=0x000") + 3);
  EXPECT_EQ(boot.purgatory.jump_back_cr3_digits - line, plan->command_line.rfind("=0x000") + 3);
  inputs.preserve_context = false;
  EXPECT_EQ(FollowBoot(MemoryOf(*Plan()), Plan()->entry).purgatory.jump_back_digits, 0u);
}

TEST_F(X86PreservedBoot, HasAWayBack) {
  const auto made = ReadMachine(scratch.root(), LoadKind::kNormal, diagnostics);
  const auto plan = (*made)->PlanJumpBack(
      {.entry = PhysAddr(0x1a2b3c4d5), .tables = PhysAddr(0x7000), .window = Range(0, kEnd)});
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(MessageOf(Validate(*plan, (*made)->limits())), "success");
  EXPECT_EQ(plan->flags, kKexecPreserveContext);
  ASSERT_EQ(plan->segments.size(), 1u);
  const PhysRange& place = plan->segments[0].dest.range();
  EXPECT_TRUE(Range(0x100000, kEnd).Contains(place));
  const auto params = ReadAt<kexec_purgatory_params>(plan->segments[0].contents.view(), 0).value();
  EXPECT_EQ(plan->entry.raw(), place.begin().raw() + params.jump_back_offset);
  EXPECT_EQ(params.jump_back_entry, 0x1a2b3c4d5u);
  EXPECT_EQ(params.jump_back_cr3, 0x7000u);
  EXPECT_EQ(MessageOf((*made)->PlanJumpBack(
                {.entry = PhysAddr(1), .tables = std::nullopt, .window = Range(0, 0x1000)})),
            "[0x0, 0x1000) has no memory above 0x100000 for what jumps back");
}

TEST_F(X86PreservedBoot, IsTheWholeCommandLineWhereThereIsNone) {
  inputs.command_line.clear();
  EXPECT_EQ(Plan()->command_line,
            "kexec_jump_back_entry=0x0000000000000000 kexec_jump_back_cr3=0x0000000000000000");
}

TEST_F(X86PreservedBoot, KeepsAtMostHalfOfTheMemory) {
  inputs.window = Range(0, 0x30000000);
  EXPECT_EQ(MessageOf(Plan()),
            "--load-preserve-context: [0x0, 0x30000000) leave 196510 pages of RAM to the new kernel, and at "
            "most 131072 can be preserved, half of this machine's; lower --mem-max");
}

TEST_F(X86PreservedBoot, NeedsMemoryAndLinux) {
  scratch.File("proc/iomem", "00100000-3ffdcfff : System RAM\n");
  inputs.window = Range(0, 0x100000);
  EXPECT_EQ(MessageOf(Plan()),
            "--load-preserve-context: there is no RAM in [0x0, 0x100000); raise --mem-max");
  inputs.kernel.image = MultibootKernel{};
  EXPECT_EQ(MessageOf(Plan()),
            "--load-preserve-context: the kernel must be Linux: no other is told where to jump back to");
}

}  // namespace
}  // namespace kexec::testing
