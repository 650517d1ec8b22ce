// SPDX-License-Identifier: GPL-2.0-or-later
// Purgatory's way into real mode: what the processor and a PC's devices are like at the entry, and that
// nothing is entered where no BIOS is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/x86_64/purgatory/bios_vectors.h"
#include "tests/emu/purgatory_machine.h"

namespace kexec {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using Stop = Emulator::Stop;

constexpr uint64_t kSetup = 0x10000;
constexpr uint64_t kEntry = kSetup + 0x200;
constexpr uint16_t kStack = 0xe000;

void Put16(std::vector<std::byte>& bytes, size_t at, uint16_t value) {
  bytes[at] = static_cast<std::byte>(value);
  bytes[at + 1] = static_cast<std::byte>(value >> 8);
}

// The first page as a BIOS leaves it: vectors into its ROM, 639 KiB of memory.
std::vector<std::byte> LowMemory() {
  std::vector<std::byte> low(KEXEC_BIOS_LOW_BYTES);
  for (size_t vector = 0; vector < 0x20; vector++) {
    Put16(low, vector * 4, static_cast<uint16_t>(0xe000 + vector));
    Put16(low, vector * 4 + 2, 0xf000);
  }
  Put16(low, 0x413, 639);
  return low;
}

class RealMode : public ::testing::Test {
 protected:
  RealMode() : low_(LowMemory()) {
    setup_.purgatory = 0x2000;
    setup_.kernel = kSetup;
    setup_.params.entry_kind = KEXEC_PURGATORY_ENTRY_16;
    setup_.params.kernel_entry = kEntry;
    setup_.params.data_segment = kSetup / 16;
    setup_.params.stack_pointer = kStack;
    // mov $0x1234, %ax; nop in 16-bit code. In any other the first takes two bytes more.
    const uint8_t code[] = {0xb8, 0x34, 0x12, 0x90, 0x90, 0x90};
    std::memcpy(setup_.kernel_bytes.data() + (kEntry - kSetup), code, sizeof(code));
    setup_.Seal(KEXEC_DIGEST_SHA256);
  }

  void LoadInto(Emulator& machine) {
    machine.LoadSegment(0, low_, low_.size());
    setup_.LoadInto(machine);
  }

  PurgatoryMachine setup_;
  std::vector<std::byte> low_;
};

TEST_F(RealMode, IsEnteredAsTheBootProtocolSays) {
  for (const bool five_level : {false, true}) {
    setup_.options.five_level = five_level;
    Emulator machine(setup_.options);
    LoadInto(machine);
    ASSERT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
    EXPECT_EQ(machine.cs(), kEntry / 16);
    EXPECT_THAT(machine.data_segments(), Each(kSetup / 16));
    EXPECT_EQ(machine.reg(Emulator::kRsp), kStack);
    for (const auto zero : {Emulator::kRax, Emulator::kRbx, Emulator::kRcx, Emulator::kRdx, Emulator::kRsi,
                            Emulator::kRdi, Emulator::kRbp})
      EXPECT_EQ(machine.reg(zero), 0u) << "register " << zero;
    EXPECT_EQ(machine.cr0(), 0x10u) << "as after a reset, with the caches on";
    EXPECT_EQ(machine.cr4(), 0u);
    EXPECT_EQ(machine.efer(), 0u);
    EXPECT_EQ(machine.flags() & 0x600, 0u) << "IF and DF must be clear";
    EXPECT_EQ(machine.interrupt_table(), std::pair(uint64_t{0}, 0x3ffu));
    EXPECT_EQ(machine.serial(), "") << "quiet when all is well";
    ASSERT_EQ(machine.RunTo(machine.pc(), kEntry + 3), Stop::kReached) << machine.detail();
    EXPECT_EQ(machine.reg(Emulator::kRax), 0x1234u) << "the instructions are 16-bit ones";
  }
}

TEST_F(RealMode, LeavesMemoryAsItWasLoaded) {
  Emulator machine;
  LoadInto(machine);
  ASSERT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  EXPECT_EQ(machine.Read(0, low_.size()), low_);
  EXPECT_EQ(machine.Read(kSetup, setup_.kernel_bytes.size()), setup_.kernel_bytes);
  EXPECT_EQ(machine.Read(setup_.initrd, setup_.initrd_bytes.size()), setup_.initrd_bytes);
}

TEST_F(RealMode, FindsPurgatoryAnywhereBelowTheVideoMemory) {
  for (const uint64_t purgatory : {uint64_t{0x1000}, uint64_t{0x97000}}) {
    setup_.purgatory = purgatory;
    Emulator machine;
    LoadInto(machine);
    ASSERT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
    EXPECT_EQ(machine.cs(), kEntry / 16);
  }
}

TEST_F(RealMode, FindsTheDevicesAsAfterPowerOn) {
  Emulator machine;
  machine.ports().control_a = 0x01;
  machine.ports().keyboard_bytes = 3;
  LoadInto(machine);
  ASSERT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  using Write = std::pair<uint16_t, uint32_t>;
  EXPECT_THAT(machine.ports().writes,
              ElementsAre(Write{0x70, 0x0c}, Write{0x20, 0x11}, Write{0xa0, 0x11}, Write{0x21, 0x08},
                          Write{0xa1, 0x70}, Write{0x21, 0x04}, Write{0xa1, 0x02}, Write{0x21, 0x01},
                          Write{0xa1, 0x01}, Write{0x21, 0xb8}, Write{0xa1, 0x8e}, Write{0x43, 0x36},
                          Write{0x40, 0}, Write{0x40, 0}, Write{0x61, 0x20}, Write{0x92, 0x02}));
  EXPECT_EQ(machine.ports().keyboard_bytes, 0);
  EXPECT_EQ(machine.ports().clock_reads, 1u);
}

TEST_F(RealMode, LeavesAnAddressLineAloneThatIsOpenOrNotThere) {
  for (const uint8_t control : {uint8_t{0x02}, uint8_t{0xff}}) {
    Emulator machine;
    machine.ports().control_a = control;
    LoadInto(machine);
    ASSERT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
    for (const auto& [port, value] : machine.ports().writes) EXPECT_NE(port, 0x92) << value;
  }
}

TEST_F(RealMode, DoesNotWaitForAKeyboardThatNeverEnds) {
  Emulator machine;
  machine.ports().keyboard_bytes = 1000;
  LoadInto(machine);
  ASSERT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  EXPECT_EQ(machine.ports().keyboard_bytes, 1000 - 32);
}

TEST_F(RealMode, SaysWhereItGoesOnAConsole) {
  setup_.params.serial_base = 0x3f8;
  Emulator machine;
  LoadInto(machine);
  ASSERT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail();
  EXPECT_EQ(machine.serial(),
            "kexec: digest sha256 matches; starting the new kernel at 0x0000000000010200\r\n");
}

struct Wild {
  const char* name;
  uint8_t vector;
  uint16_t segment, offset, kib;
  const char* told;
};

class WildVectors : public RealMode, public ::testing::WithParamInterface<Wild> {};

TEST_P(WildVectors, AreToldAndNothingIsEntered) {
  Put16(low_, GetParam().vector * size_t{4}, GetParam().offset);
  Put16(low_, GetParam().vector * size_t{4} + 2, GetParam().segment);
  Put16(low_, 0x413, GetParam().kib);
  Emulator machine;
  LoadInto(machine);
  ASSERT_EQ(setup_.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_EQ(machine.serial(),
            std::string("\r\nkexec: real mode needs a BIOS, and interrupt vector ") + GetParam().told +
                ", where none is\r\nkexec: the new kernel was not started; rebooting in 2 s\r\n");
}

INSTANTIATE_TEST_SUITE_P(
    Each, WildVectors,
    ::testing::Values(Wild{"Timer", 0x08, 0, 0, 639, "0x08 leads to 0x0000000000000000"},
                      Wild{"Keyboard", 0x09, 0x7c0, 0x10, 639, "0x09 leads to 0x0000000000007c10"},
                      Wild{"Video", 0x10, 0x9fbf, 0xf, 639, "0x10 leads to 0x000000000009fbff"},
                      Wild{"Disk", 0x13, 0x9f00, 0, 640, "0x13 leads to 0x000000000009f000"},
                      Wild{"System", 0x15, 0x9000, 0, 0, "0x15 leads to 0x0000000000090000"},
                      Wild{"Keys", 0x16, 0x9fc0, 0, 0xffff, "0x16 leads to 0x000000000009fc00"},
                      Wild{"Clock", 0x1a, 0x50, 0, 600, "0x1a leads to 0x0000000000000500"}),
    [](const auto& test) { return test.param.name; });

TEST_F(RealMode, TakesHooksInTheExtendedDataArea) {
  Put16(low_, 0x413, 600);
  Put16(low_, 0x13 * 4 + 2, 600 * 64);
  Put16(low_, 0x13 * 4, 0);
  Emulator machine;
  LoadInto(machine);
  EXPECT_EQ(setup_.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
}

TEST_F(RealMode, IsNotEnteredWhereItCannotBeReached) {
  struct Case {
    uint64_t purgatory, entry;
  };
  for (const Case& wrong :
       {Case{0x9b000, kEntry}, Case{0x100000, kEntry}, Case{0x2000, 0xa0000}, Case{0x2000, kEntry + 8}}) {
    setup_.purgatory = wrong.purgatory;
    setup_.params.kernel_entry = wrong.entry;
    Emulator machine;
    LoadInto(machine);
    EXPECT_EQ(setup_.Run(machine), Stop::kReset) << machine.detail();
    EXPECT_THAT(machine.serial(), ::testing::HasSubstr("kexec: purgatory's parameters are damaged"));
  }
}

}  // namespace
}  // namespace kexec
