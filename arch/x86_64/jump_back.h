// SPDX-License-Identifier: LGPL-2.1-or-later
// The way back from a kernel that was loaded with --load-preserve-context: an image of purgatory alone,
// entered at its jump_back_offset.
#pragma once

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/error.h"
#include "kexec/plan.h"

namespace kexec {

// Pages that are exchanged with others of this kernel's and back again, which nobody looks at. An image
// without segments is a request to unload, and since Linux 6.8 one with an empty segment at address 0, which
// kexec-tools passes, takes all memory: to kimage_is_destination_range (kernel/kexec_core.c) every page is in
// it.
Result<LoadPlan> PlanX86JumpBack(const X86Facts& facts, const JumpBack& back);

}  // namespace kexec
