// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/golden/recorded_boot.h"

#include <gtest/gtest.h>

#include "kexec/crash_memory.h"
#include "kexec/validate.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {

namespace {

BootInputs RecordedInputs() {
  BootInputs inputs = InputsFor(ModernKernel(), {kRecordedInitrdSize}, std::string(kRecordedCommandLine));
  inputs.rng_seed.emplace().fill(std::byte{0x5a});
  return inputs;
}

LoadPlan PlanFor(std::string_view machine_name, const BootInputs& inputs) {
  const auto root = SystemRoot::Open(RecordedMachine(machine_name));
  RecordingDiagnostics diagnostics;
  const auto machine = ReadMachine(*root, inputs.kind, diagnostics);
  EXPECT_EQ(MessageOf(machine), "success");
  const auto placed = (*machine)->Place(inputs, diagnostics);
  EXPECT_EQ(MessageOf(placed), "success");
  auto plan = (*placed)->Emit();
  EXPECT_EQ(MessageOf(Validate(*plan, (*machine)->limits())), "success");
  return *std::move(plan);
}

}  // namespace

PhysRange CrashRegionOf(std::string_view machine_name) {
  const auto memory = ReadCrashMemory(*SystemRoot::Open(RecordedMachine(machine_name)));
  EXPECT_EQ(MessageOf(memory), "success");
  return memory->regions.back();
}

LoadPlan PlanRecordedBoot(std::string_view machine, bool pass_efi) {
  BootInputs inputs = RecordedInputs();
  inputs.pass_efi = pass_efi;
  return PlanFor(machine, inputs);
}

LoadPlan PlanRecordedCrash(std::string_view machine, bool memmap_on_command_line) {
  BootInputs inputs = RecordedInputs();
  inputs.kind = LoadKind::kCrash;
  inputs.crash.memmap_on_command_line = memmap_on_command_line;
  return PlanFor(machine, inputs);
}

}  // namespace kexec::testing
