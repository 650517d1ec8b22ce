// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/arch/boot_reader.h"
#include "tests/golden/recorded_boot.h"

namespace kexec::testing {
namespace {

struct Golden {
  const char* name;
  const char* machine;
  bool pass_efi;
};

class GoldenPlan : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenPlan, IsWhatWasAgreed) {
  const std::string path = fmt::format("{}/tests/golden/plans/{}.txt", KEXEC_SOURCE_DIR, GetParam().name);
  const std::string found = DescribeBoot(PlanRecordedBoot(GetParam().machine, GetParam().pass_efi));
  if (std::getenv("KEXEC_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << found;
  std::stringstream agreed;
  agreed << std::ifstream(path).rdbuf();
  EXPECT_EQ(found, agreed.str()) << "see tests/golden/README.md";
}

INSTANTIATE_TEST_SUITE_P(Machines, GoldenPlan,
                         ::testing::Values(Golden{"bios-1g", "bios-1g", true},
                                           Golden{"bios-2g-smp2", "bios-2g-smp2", true},
                                           Golden{"bios-5g-high", "bios-5g-high", true},
                                           Golden{"uefi-1g", "uefi-1g", true},
                                           Golden{"uefi-1g-noefi", "uefi-1g", false}),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace kexec::testing
