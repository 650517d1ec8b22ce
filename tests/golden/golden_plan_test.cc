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
  LoadPlan (*plan)();
};

class GoldenPlan : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenPlan, IsWhatWasAgreed) {
  const std::string path = fmt::format("{}/tests/golden/plans/{}.txt", KEXEC_SOURCE_DIR, GetParam().name);
  const std::string found = DescribeBoot(GetParam().plan());
  if (std::getenv("KEXEC_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << found;
  std::stringstream agreed;
  agreed << std::ifstream(path).rdbuf();
  EXPECT_EQ(found, agreed.str()) << "see tests/golden/README.md";
}

INSTANTIATE_TEST_SUITE_P(
    Machines, GoldenPlan,
    ::testing::Values(Golden{"bios-1g", [] { return PlanRecordedBoot("bios-1g"); }},
                      Golden{"bios-2g-smp2", [] { return PlanRecordedBoot("bios-2g-smp2"); }},
                      Golden{"bios-5g-high", [] { return PlanRecordedBoot("bios-5g-high"); }},
                      Golden{"uefi-1g", [] { return PlanRecordedBoot("uefi-1g"); }},
                      Golden{"uefi-1g-noefi", [] { return PlanRecordedBoot("uefi-1g", false); }},
                      Golden{"bios-1g-crash", [] { return PlanRecordedCrash("bios-1g"); }},
                      Golden{"bios-1g-crash-memmap", [] { return PlanRecordedCrash("bios-1g", true); }},
                      Golden{"bios-2g-smp2-crash", [] { return PlanRecordedCrash("bios-2g-smp2"); }},
                      Golden{"bios-5g-high-crash", [] { return PlanRecordedCrash("bios-5g-high"); }},
                      Golden{"uefi-1g-crash", [] { return PlanRecordedCrash("uefi-1g"); }}),
    [](const auto& test) {
      std::string name = test.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace kexec::testing
