// SPDX-License-Identifier: GPL-2.0-or-later
// Complete plans on an emulated processor, from the old kernel's jump to the new kernel's first instruction.
#include <gtest/gtest.h>

#include "arch/machine.h"
#include "arch/x86_64/purgatory/params.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/emu/emulator.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

class X86PlanEmu : public ::testing::Test {
 protected:
  LoadPlan Plan(const char* machine_name, const BootInputs& inputs) {
    const auto root = SystemRoot::Open(RecordedMachine(machine_name));
    const auto machine = ReadMachine(*root, LoadKind::kNormal, diagnostics_);
    EXPECT_EQ(MessageOf(machine), "success");
    const auto placed = (*machine)->Place(inputs, diagnostics_);
    EXPECT_EQ(MessageOf(placed), "success");
    return *(*placed)->Emit();
  }

  static void Load(const LoadPlan& plan, Emulator& emulator) {
    for (const Segment& segment : plan.segments) {
      emulator.LoadSegment(segment.dest.begin().raw(), segment.contents.view(), segment.dest.size());
    }
  }

  RecordingDiagnostics diagnostics_;
};

TEST_F(X86PlanEmu, A64BitKernelAbove4GiBIsEntered) {
  BootInputs inputs = InputsFor(SmallKernel(), {0x3000}, "quiet splash");
  const LoadPlan plan = Plan("bios-5g-high", inputs);
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  EXPECT_GT(boot.purgatory.kernel_entry, 0x100000000u);
  EXPECT_GT(boot.params_address, 0x100000000u);
  EXPECT_GT(boot.initrd, 0x100000000u);
  Emulator emulator;
  Load(plan, emulator);
  ASSERT_EQ(emulator.RunTo(plan.entry.raw(), boot.purgatory.kernel_entry), Emulator::Stop::kReached)
      << emulator.detail();
  EXPECT_EQ(emulator.reg(Emulator::kRsi), boot.params_address);
  for (const auto reg : {Emulator::kRax, Emulator::kRbx, Emulator::kRcx, Emulator::kRdx, Emulator::kRdi,
                         Emulator::kRbp, Emulator::kR8, Emulator::kR15}) {
    EXPECT_EQ(emulator.reg(reg), 0u) << reg;
  }
  EXPECT_EQ(emulator.flags() & 0x200, 0u);  // interrupts stay off
  EXPECT_EQ(emulator.ReadText(boot.params_address + 0x202, 4), "HdrS");
  EXPECT_EQ(emulator.ReadText(boot.params_address + 0x1000, inputs.command_line.size() + 1),
            inputs.command_line + '\0');
  EXPECT_EQ(emulator.serial(), "");
}

TEST_F(X86PlanEmu, A32BitKernelIsEnteredWithoutPaging) {
  BootInputs inputs = InputsFor(SmallKernel(), {0x3000}, "quiet");
  std::get<BzImage>(inputs.kernel.image).has_64bit_entry = false;
  inputs.purgatory.digest = DigestKind::kSha256;
  const LoadPlan plan = Plan("bios-5g-high", inputs);
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  EXPECT_EQ(boot.purgatory.entry_kind, uint32_t{KEXEC_PURGATORY_ENTRY_32});
  EXPECT_EQ(boot.purgatory.kernel_entry, 0x1000000u);
  Emulator emulator;
  Load(plan, emulator);
  ASSERT_EQ(emulator.RunTo(plan.entry.raw(), boot.purgatory.kernel_entry), Emulator::Stop::kReached)
      << emulator.detail();
  EXPECT_EQ(emulator.cr0() & 0x80000001u, 1u);  // protected mode, no paging
  EXPECT_EQ(emulator.reg(Emulator::kRsi), boot.params_address);
  EXPECT_EQ(emulator.reg(Emulator::kRbx), 0u);
  EXPECT_EQ(emulator.reg(Emulator::kRbp), 0u);
  EXPECT_EQ(emulator.reg(Emulator::kRdi), 0u);
}

class X86PlanFlip : public X86PlanEmu, public ::testing::WithParamInterface<const char*> {};

TEST_P(X86PlanFlip, IsRefused) {
  BootInputs inputs = InputsFor(SmallKernel(), {0x3001, 0x10}, "quiet");
  inputs.purgatory.console_serial = true;
  const LoadPlan plan = Plan("uefi-1g", inputs);
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  for (const Segment& segment : plan.segments) {
    if (segment.label != GetParam()) continue;
    for (const uint64_t offset : {uint64_t{0}, uint64_t{segment.contents.size() - 1}}) {
      Emulator emulator;
      Load(plan, emulator);
      const uint64_t address = segment.dest.begin().raw() + offset;
      auto byte = emulator.Read(address, 1);
      byte[0] ^= std::byte{0x10};
      emulator.Write(address, byte);
      EXPECT_EQ(emulator.RunTo(plan.entry.raw(), boot.purgatory.kernel_entry), Emulator::Stop::kReset);
      EXPECT_NE(emulator.serial(), "");
    }
    return;
  }
  FAIL() << "no segment " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(OneBitInEach, X86PlanFlip,
                         ::testing::Values("kernel", "initrd", "initrd 2", "boot_params"));

}  // namespace
}  // namespace kexec::testing
