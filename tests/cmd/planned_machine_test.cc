// SPDX-License-Identifier: GPL-2.0-or-later
// Whose options a command line has.
#include "cmd/kexec/planned_machine.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/support/scratch_root.h"

namespace kexec {
namespace {

TEST(PlannedArchitecture, IsThatOfTheLastRecordedMachine) {
  testing::ScratchRoot arm;
  arm.File("proc/sys/kernel/arch", "aarch64\n");
  testing::ScratchRoot riscv;
  riscv.File("proc/sys/kernel/arch", "riscv64\n");
  const std::string first = "--root=" + arm.path().string();
  const std::string second = riscv.path().string();
  EXPECT_EQ(PlannedArchitecture(std::array<std::string_view, 3>{"-l", first, "K"}), Architecture::kArm64);
  EXPECT_EQ(PlannedArchitecture(std::array<std::string_view, 4>{first, "K", "--root", second}),
            Architecture::kRiscv);
}

TEST(PlannedArchitecture, IsThisOneWhereNothingElseIsTold) {
  testing::ScratchRoot unknown;
  unknown.File("proc/sys/kernel/arch", "m68k\n");
  const std::string root = "--root=" + unknown.path().string();
  EXPECT_EQ(PlannedArchitecture(std::array<std::string_view, 2>{root, "K"}), kThisArchitecture);
  EXPECT_EQ(PlannedArchitecture(std::array<std::string_view, 2>{"--root=/nowhere", "K"}), kThisArchitecture);
  EXPECT_EQ(PlannedArchitecture(std::array<std::string_view, 2>{"--append=--root=/", "K"}),
            kThisArchitecture);
  EXPECT_EQ(PlannedArchitecture(std::array<std::string_view, 1>{"--nonsense"}), kThisArchitecture);
  EXPECT_EQ(PlannedArchitecture({}), kThisArchitecture);
}

}  // namespace
}  // namespace kexec
