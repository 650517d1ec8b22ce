// SPDX-License-Identifier: GPL-2.0-or-later
// A Linux Image planned for a recorded machine of arm64 or riscv64.
#pragma once

#include <string>
#include <string_view>

#include "arch/machine.h"
#include "kexec/plan.h"

namespace kexec::testing {

// Whether this build has the purgatory for that machine; without it nothing can be planned there.
bool CanPlanFor(std::string_view machine);
// A plan that Validate accepts, or a failed test.
LoadPlan PlanRecordedBoard(std::string_view machine, LoadKind kind);
// Segments, what purgatory and the kernel's device tree are told, and what a crash kernel's core headers
// hold, as text. Where purgatory begins, and with it a tree below it, is left out: its size is its
// compiler's.
std::string DescribeBoard(std::string_view machine, const LoadPlan& plan);

}  // namespace kexec::testing
