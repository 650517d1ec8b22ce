// SPDX-License-Identifier: GPL-2.0-or-later
// A Multiboot plan on an emulated processor, from the old kernel's jump to the new kernel's first
// instruction.
#include <gtest/gtest.h>

#include "arch/x86_64/multiboot_boot.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/arch/multiboot_reader.h"
#include "tests/emu/emulator.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

class MultibootEmu : public ::testing::TestWithParam<int> {};

TEST_P(MultibootEmu, TheKernelIsEnteredAsTheSpecificationSays) {
  X86Facts facts;
  facts.memory.handed_over = RamMap({Range(0x100000, 0x8000000)});
  facts.memory.placeable = facts.memory.handed_over;
  facts.root = "/nonexistent";
  MultibootKernel kernel;
  kernel.version = GetParam();
  kernel.pieces = {{PhysAddr(0x200000), 0, Pattern(0x2345, 1), 0x4000}};
  kernel.entry = PhysAddr(0x200120);
  const BootInputs inputs{.kernel = {.type = "multiboot-x86", .image = kernel},
                          .kernel_name = "kernel",
                          .initrds = {},
                          .modules = {{Pattern(0x1001, 2), "module"}},
                          .command_line = "quiet",
                          .window = WholeMemory(),
                          .entry = {}};
  RecordingDiagnostics diagnostics;
  const auto placed = PlaceMultiboot(facts, inputs, diagnostics);
  ASSERT_EQ(MessageOf(placed), "success");
  const LoadPlan plan = (*placed)->Emit().value();
  Emulator emulator;
  for (const Segment& segment : plan.segments) {
    emulator.LoadSegment(segment.dest.begin().raw(), segment.contents.view(), segment.dest.size());
  }
  ASSERT_EQ(emulator.RunTo(plan.entry.raw(), 0x200120), Emulator::Stop::kReached) << emulator.detail();
  EXPECT_EQ(emulator.reg(Emulator::kRax), GetParam() == 1 ? 0x2badb002u : 0x36d76289u);
  EXPECT_EQ(emulator.reg(Emulator::kRbx), FollowMultiboot(plan).information);
  EXPECT_EQ(emulator.cr0() & 0x80000001u, 1u);  // protected mode, no paging
  EXPECT_EQ(emulator.flags() & 0x20200u, 0u);   // no interrupts, no virtual 8086 mode
  EXPECT_EQ(emulator.serial(), "");
}

INSTANTIATE_TEST_SUITE_P(Version, MultibootEmu, ::testing::Values(1, 2),
                         [](const auto& row) { return std::to_string(row.param); });

}  // namespace
}  // namespace kexec::testing
