// SPDX-License-Identifier: GPL-2.0-or-later
// The boot that was recorded on each machine, planned by us.
#pragma once

#include <string_view>

#include "arch/machine.h"
#include "kexec/plan.h"

namespace kexec::testing {

inline constexpr std::string_view kRecordedCommandLine =
    "console=ttyS0 no_timer_check earlyprintk=serial,ttyS0,115200 marker=second";
inline constexpr uint64_t kRecordedKernelSize = 0xd827c0;
inline constexpr uint64_t kRecordedInitrdSize = 0x3c8600;

// Plans that Validate accepts, or failed tests.
LoadPlan PlanRecordedBoot(std::string_view machine, bool pass_efi = true);
// The recorded kernel as crash kernel.
LoadPlan PlanRecordedCrash(std::string_view machine, bool memmap_on_command_line = false);
// The region it is loaded into.
PhysRange CrashRegionOf(std::string_view machine);

}  // namespace kexec::testing
