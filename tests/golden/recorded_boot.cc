// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/golden/recorded_boot.h"

#include <gtest/gtest.h>

#include "kexec/validate.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {

LoadPlan PlanRecordedBoot(std::string_view machine_name, bool pass_efi) {
  const auto root = SystemRoot::Open(RecordedMachine(machine_name));
  RecordingDiagnostics diagnostics;
  const auto machine = ReadMachine(*root, LoadKind::kNormal, diagnostics);
  EXPECT_EQ(MessageOf(machine), "success");
  BootInputs inputs = InputsFor(ModernKernel(), {kRecordedInitrdSize}, std::string(kRecordedCommandLine));
  inputs.pass_efi = pass_efi;
  inputs.rng_seed.emplace().fill(std::byte{0x5a});
  const auto placed = (*machine)->Place(inputs, diagnostics);
  EXPECT_EQ(MessageOf(placed), "success");
  auto plan = (*placed)->Emit();
  EXPECT_EQ(MessageOf(Validate(*plan, (*machine)->limits())), "success");
  return *std::move(plan);
}

}  // namespace kexec::testing
