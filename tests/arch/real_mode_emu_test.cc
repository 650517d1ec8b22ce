// SPDX-License-Identifier: GPL-2.0-or-later
// Complete plans in real mode on an emulated processor, from the old kernel's jump to the setup code's first
// instruction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/machine.h"
#include "arch/x86_64/purgatory/bios_vectors.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/emu/emulator.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::Each;

class RealModeEmu : public ::testing::Test {
 protected:
  LoadPlan Plan(const BootInputs& inputs) {
    const auto root = SystemRoot::Open(RecordedMachine("bios-5g-high"));
    const auto machine = ReadMachine(*root, LoadKind::kNormal, diagnostics_);
    EXPECT_EQ(MessageOf(machine), "success");
    const auto placed = (*machine)->Place(inputs, diagnostics_);
    EXPECT_EQ(MessageOf(placed), "success");
    LoadPlan plan = *(*placed)->Emit();
    EXPECT_EQ(MessageOf(Validate(plan, (*machine)->limits())), "success");
    return plan;
  }

  // The plan in memory, with a BIOS's vectors in page 0, run to `entry`.
  static void RunTo(const LoadPlan& plan, uint64_t entry, Emulator& emulator) {
    std::vector<std::byte> low(KEXEC_BIOS_LOW_BYTES);
    for (size_t vector = 0; vector < 0x20; vector++) low[vector * 4 + 3] = std::byte{0xf0};
    emulator.LoadSegment(0, low, low.size());
    for (const Segment& segment : plan.segments) {
      emulator.LoadSegment(segment.dest.begin().raw(), segment.contents.view(), segment.dest.size());
    }
    ASSERT_EQ(emulator.RunTo(plan.entry.raw(), entry), Emulator::Stop::kReached)
        << emulator.detail() << emulator.serial();
  }

  static uint32_t Word(const Emulator& emulator, uint64_t address) {
    return *ReadAt<Le<uint32_t>>(emulator.Read(address, 4), 0);
  }

  RecordingDiagnostics diagnostics_;
};

TEST_F(RealModeEmu, ABzImageIsEnteredWhereItsSetupCodeLies) {
  BootInputs inputs = InputsFor(SmallKernel(), {0x3001}, "quiet splash");
  inputs.real_mode = true;
  const LoadPlan plan = Plan(inputs);
  Emulator emulator;
  RunTo(plan, 0x10200, emulator);
  EXPECT_EQ(emulator.cs(), 0x1020);
  EXPECT_THAT(emulator.data_segments(), Each(0x1000));
  EXPECT_EQ(emulator.reg(Emulator::kRsp), 0xe000u);
  EXPECT_EQ(emulator.cr0(), 0x10u);
  EXPECT_EQ(emulator.ReadText(0x10202, 4), "HdrS");
  EXPECT_EQ(emulator.ReadText(Word(emulator, 0x10228), 13), std::string("quiet splash") + '\0');
  EXPECT_EQ(Word(emulator, 0x1021c), 0x3001u);
  EXPECT_EQ(emulator.Read(Word(emulator, 0x10218), 0x3001),
            std::vector(inputs.initrds[0].view().begin(), inputs.initrds[0].view().end()));
  const Bytes kernel = std::get<BzImage>(inputs.kernel.image).kernel.view();
  EXPECT_EQ(emulator.Read(Word(emulator, 0x10214), kernel.size()), std::vector(kernel.begin(), kernel.end()));
}

TEST_F(RealModeEmu, AZimageIsEnteredAt0x90000) {
  BzImage image = SmallKernel();
  image.protocol = 0x0203;
  image.loaded_high = false;
  image.real_mode_only = "it is a zImage (LOADED_HIGH is clear)";
  image.pref_address = PhysAddr(0x10000);
  image.init_size = image.kernel.size();
  image.relocatable = false;
  image.alignment.reset();
  image.has_64bit_entry = false;
  const BootInputs inputs = InputsFor(image, {}, "quiet");
  const LoadPlan plan = Plan(inputs);
  Emulator emulator;
  RunTo(plan, 0x90200, emulator);
  EXPECT_EQ(emulator.cs(), 0x9020);
  EXPECT_THAT(emulator.data_segments(), Each(0x9000));
  EXPECT_EQ(emulator.reg(Emulator::kRsp), 0x9800u);
  EXPECT_EQ(emulator.ReadText(0x99800, 6), std::string("quiet") + '\0');
  EXPECT_EQ(emulator.Read(0x10000, image.kernel.size()),
            std::vector(image.kernel.view().begin(), image.kernel.view().end()));
}

TEST_F(RealModeEmu, OneBitInTheSetupCodeIsNoticed) {
  BootInputs inputs = InputsFor(SmallKernel(), {}, "quiet");
  inputs.real_mode = true;
  const LoadPlan plan = Plan(inputs);
  Emulator emulator;
  for (const Segment& segment : plan.segments) {
    emulator.LoadSegment(segment.dest.begin().raw(), segment.contents.view(), segment.dest.size());
  }
  auto byte = emulator.Read(0x10300, 1);
  byte[0] ^= std::byte{0x10};
  emulator.Write(0x10300, byte);
  EXPECT_EQ(emulator.RunTo(plan.entry.raw(), 0x10200), Emulator::Stop::kReset);
  EXPECT_THAT(emulator.serial(), ::testing::HasSubstr("digest mismatch"));
}

}  // namespace
}  // namespace kexec::testing
