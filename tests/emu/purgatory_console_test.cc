// SPDX-License-Identifier: GPL-2.0-or-later
// What purgatory says where, and how it ends when devices are missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/emu/purgatory_machine.h"

namespace kexec {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;
using Stop = Emulator::Stop;

constexpr uint64_t kScreen = 0xb8000;
constexpr size_t kScreenBytes = 80 * 25 * 2;

std::string Line(const Emulator& machine, size_t row) {
  std::string text;
  const std::vector<std::byte> cells = machine.Read(kScreen + row * 160, 160);
  for (size_t i = 0; i < cells.size(); i += 2) text.push_back(static_cast<char>(cells[i]));
  return text.substr(0, text.find_last_not_of(" \0") + 1);
}

PurgatoryMachine Tampered() {
  PurgatoryMachine setup;
  setup.kernel_bytes[5] ^= std::byte{1};
  setup.params.reset_seconds = 0;
  return setup;
}

TEST(PurgatoryConsole, SaysOneLineOnSuccessWhereAsked) {
  PurgatoryMachine setup;
  setup.params.serial_base = 0x2f8;
  Emulator machine;
  machine.ports().uart_base = 0x2f8;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
  EXPECT_EQ(machine.serial(),
            "kexec: digest xxh128 matches; starting the new kernel at 0x0000000001000200\r\n");
  EXPECT_EQ(machine.ports().serial_divisor, 0u) << "left as it was";
}

TEST(PurgatoryConsole, SaysThatNothingWasChecked) {
  PurgatoryMachine setup;
  setup.Seal(KEXEC_DIGEST_NONE);
  setup.params.serial_base = 0x3f8;
  Emulator machine;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
  EXPECT_EQ(machine.serial(),
            "kexec: digest none, not checked; starting the new kernel at 0x0000000001000200\r\n");
}

TEST(PurgatoryConsole, ProgramsTheBaudRate) {
  PurgatoryMachine setup;
  setup.params.serial_base = 0x3f8;
  setup.params.serial_divisor = 0x0c01;
  Emulator machine;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
  EXPECT_EQ(machine.ports().serial_divisor, 0x0c01u);
  EXPECT_THAT(machine.serial(), StartsWith("kexec: digest xxh128 matches"));
}

TEST(PurgatoryConsole, WritesTheScreenFromTheCursorOn) {
  PurgatoryMachine setup = Tampered();
  setup.params.console_vga = 1;
  Emulator machine;
  setup.LoadInto(machine);
  machine.LoadSegment(kScreen, {}, kScreenBytes, ' ');
  machine.ports().Write(0x3d4, 0x0f);
  machine.ports().Write(0x3d5, 2 * 80 + 3);
  ASSERT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_EQ(Line(machine, 3), "kexec: digest mismatch (xxh128): what was loaded has been changed since");
  EXPECT_THAT(Line(machine, 4), StartsWith("kexec: expected "));
  EXPECT_THAT(Line(machine, 5), StartsWith("kexec: found    "));
  EXPECT_EQ(Line(machine, 6), "kexec: the new kernel was not started; rebooting in 0 s");
  EXPECT_EQ(machine.serial(), "") << "only the console that was asked for";
}

TEST(PurgatoryConsole, ScrollsAtTheEndOfTheScreen) {
  PurgatoryMachine setup = Tampered();
  setup.params.console_vga = 1;
  Emulator machine;
  setup.LoadInto(machine);
  machine.LoadSegment(kScreen, {}, kScreenBytes, ' ');
  machine.ports().Write(0x3d4, 0x0e);
  machine.ports().Write(0x3d5, 0xff);  // a cursor beyond the screen
  ASSERT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_EQ(Line(machine, 23), "kexec: the new kernel was not started; rebooting in 0 s");
  EXPECT_EQ(Line(machine, 24), "");
  EXPECT_EQ(Line(machine, 20), "kexec: digest mismatch (xxh128): what was loaded has been changed since");
}

TEST(PurgatoryConsole, ResetsTheVgaOnlyWhenAsked) {
  PurgatoryMachine setup;
  setup.params.reset_vga = 1;
  Emulator machine;
  setup.LoadInto(machine);
  machine.LoadSegment(kScreen, {}, kScreenBytes, 0x41);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
  EXPECT_THAT(machine.ports().writes, Contains(Pair(0x3c2, 0x67u)));
  EXPECT_EQ(Line(machine, 0), "");
  EXPECT_EQ(machine.serial(), "");
}

TEST(PurgatoryConsole, WithoutAnyUartStillResets) {
  PurgatoryMachine setup = Tampered();
  Emulator machine;
  machine.ports().uart_base = 0;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_THAT(machine.ports().writes, Not(Contains(Pair(0x3f8, ::testing::_))));
}

TEST(PurgatoryConsole, AMissingOrStuckUartNeverHangs) {
  for (const bool stuck : {false, true}) {
    PurgatoryMachine setup;
    setup.params.serial_base = 0x3f8;
    Emulator machine;
    if (stuck)
      machine.ports().uart_stuck = true;
    else
      machine.ports().uart_base = 0;
    setup.LoadInto(machine);
    ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
    EXPECT_LT(machine.ports().reads, 200000u) << "one wait for all the text, not one for each byte";
  }
}

TEST(PurgatoryReset, WaitsByPortReadsWhenTheTimerDoesNotCount) {
  const std::pair<const char*, void (*)(Ports&)> broken[] = {
      {"absent", [](Ports& ports) { ports.timer_present = false; }},
      {"stopped", [](Ports& ports) { ports.timer_counts = false; }},
      {"stuck high", [](Ports& ports) { ports.timer_stuck_high = true; }},
  };
  for (const auto& [name, damage] : broken) {
    PurgatoryMachine setup = Tampered();
    setup.params.reset_seconds = 1;
    Emulator machine;
    damage(machine.ports());
    setup.LoadInto(machine);
    ASSERT_EQ(setup.Run(machine), Stop::kReset) << name << ": " << machine.detail();
    EXPECT_GE(machine.ports().delay_reads, 990000u) << name << ": of about a microsecond each";
    EXPECT_LT(machine.ports().delay_reads, 1100000u) << name;
  }
}

TEST(PurgatoryReset, TriesTheKeyboardControllerNext) {
  PurgatoryMachine setup = Tampered();
  Emulator machine;
  machine.ports().reset_control_works = false;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_EQ(machine.ports().reset, "keyboard");
}

TEST(PurgatoryReset, EndsInATripleFault) {
  PurgatoryMachine setup = Tampered();
  Emulator machine;
  machine.ports().reset_control_works = false;
  machine.ports().keyboard_works = false;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kFault);
  EXPECT_THAT(machine.detail(), HasSubstr("exception 3"));
  EXPECT_THAT(machine.ports().writes, Contains(Pair(0xcf9, 6u)));
  EXPECT_THAT(machine.ports().writes, Contains(Pair(0x64, 0xfeu)));
}

}  // namespace
}  // namespace kexec
