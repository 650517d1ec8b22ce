// SPDX-License-Identifier: GPL-2.0-or-later
// What is planned for machines of other architectures: the same on every computer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/golden/recorded_board.h"

namespace kexec::testing {
namespace {

struct GoldenBoard {
  const char* machine;
  LoadKind kind;
  std::string name() const { return fmt::format("{}{}", machine, kind == LoadKind::kCrash ? "-crash" : ""); }
};

class GoldenBoardPlan : public ::testing::TestWithParam<GoldenBoard> {};

TEST_P(GoldenBoardPlan, IsWhatWasAgreed) {
  const GoldenBoard& golden = GetParam();
  if (!CanPlanFor(golden.machine)) GTEST_SKIP() << "this build has no purgatory for " << golden.machine;
  const std::string path = fmt::format("{}/tests/golden/plans/{}.txt", KEXEC_SOURCE_DIR, golden.name());
  const std::string found = DescribeBoard(golden.machine, PlanRecordedBoard(golden.machine, golden.kind));
  if (std::getenv("KEXEC_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << found;
  std::stringstream agreed;
  agreed << std::ifstream(path).rdbuf();
  EXPECT_EQ(found, agreed.str()) << "see tests/golden/README.md";
}

INSTANTIATE_TEST_SUITE_P(Machines, GoldenBoardPlan,
                         ::testing::Values(GoldenBoard{"arm64-dt-1g", LoadKind::kNormal},
                                           GoldenBoard{"arm64-dt-1g", LoadKind::kCrash},
                                           GoldenBoard{"arm64-acpi-1g", LoadKind::kNormal},
                                           GoldenBoard{"arm64-acpi-1g", LoadKind::kCrash},
                                           GoldenBoard{"arm64-reserved-1g", LoadKind::kNormal},
                                           GoldenBoard{"arm64-reserved-1g", LoadKind::kCrash},
                                           GoldenBoard{"riscv64-1g", LoadKind::kNormal},
                                           GoldenBoard{"riscv64-1g", LoadKind::kCrash}),
                         [](const auto& test) {
                           std::string name = test.param.name();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace kexec::testing
