// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/dt_machine.h"

#include <utility>

#include "arch/dt/dt_boot.h"

namespace kexec {

DtMachine::DtMachine(const DtArchitecture& architecture, DtFacts facts, std::optional<CrashFacts> crash)
    : architecture_(architecture), facts_(std::move(facts)), crash_(std::move(crash)) {}

ImageLimits DtMachine::limits() const {
  ImageLimits limits = {.page = facts_.page,
                        .destination = *PhysRange::FromBounds(PhysAddr(0), architecture_.destination_end),
                        .memory = &facts_.memory,
                        .total_ram_pages = facts_.total_ram_pages};
  // The kernel checks against crashk_res alone; a low part (crashk_low_res) lies below it.
  if (!crash_regions().empty()) limits.crash_regions = {crash_regions().back()};
  return limits;
}

Result<LoadPlan> DtMachine::PlanJumpBack(const JumpBack& /*back*/) const {
  return Fail(Errc::kUnsupported, "kernels of {} cannot jump back, only those of x86 can", name());
}

Result<std::unique_ptr<PlacedBoot>> DtMachine::Place(const BootInputs& inputs,
                                                     Diagnostics& diagnostics) const {
  if (inputs.preserve_context) {
    return Fail(Errc::kUnsupported,
                "--load-preserve-context: kernels of {} cannot be returned to, only those of x86 can",
                name());
  }
  return PlaceDtBoot(*this, inputs, diagnostics);
}

}  // namespace kexec
