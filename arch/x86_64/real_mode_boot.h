// SPDX-License-Identifier: LGPL-2.1-or-later
// Place and Emit for kernels that are entered through their real-mode code, and ask the BIOS for what others
// are told (boot.rst, "The Real-Mode Kernel Header" to "Running the Kernel").
#pragma once

#include <memory>

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

// `facts` and `inputs` must outlive the answer. kUsage where inputs.kernel has no real-mode code or a device
// tree was given, kUnsupported where the machine has no BIOS, kDoesNotFit where there is no room.
Result<std::unique_ptr<PlacedBoot>> PlaceRealMode(const X86Facts& facts, const BootInputs& inputs,
                                                  Diagnostics& diagnostics);

}  // namespace kexec
