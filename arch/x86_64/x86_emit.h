// SPDX-License-Identifier: LGPL-2.1-or-later
// Emit: the bytes of every segment, once every address is fixed.
//
// Zero fill is left to the kernel: kexec_load clears the rest of each segment's pages (kimage_load_segment),
// so purgatory is told to clear nothing. The kernel's own tail, from the end of the file to init_size, must
// belong to the segment although nothing reads it: otherwise the running kernel could put the page tables of
// the hand-over there, which the new kernel's decompressor overwrites while it still uses them.
#pragma once

#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/crash_layout.h"
#include "arch/x86_64/handover.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/x86_layout.h"
#include "kexec/plan.h"

namespace kexec {

// Pure. The placement is of this image and these inputs, with the sizes of this hand-over and of purgatory.
LoadPlan EmitLinux(const BootInputs& inputs, const LinuxImage& image, const X86Placement& placement,
                   const Handover& handover);
// The same for an X86PreservedBoot's inputs and memory.
LoadPlan EmitPreservedLinux(const BootInputs& inputs, const LinuxImage& image, const X86Placement& placement,
                            const Handover& handover, const std::vector<PhysRange>& memory);
// The same for an X86CrashBoot's inputs, with its extras.
LoadPlan EmitCrashLinux(const BootInputs& inputs, const LinuxImage& image, const X86Placement& placement,
                        const Handover& handover, const X86CrashExtras& extras);

}  // namespace kexec
