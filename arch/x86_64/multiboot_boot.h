// SPDX-License-Identifier: LGPL-2.1-or-later
// Place and Emit for Multiboot kernels: their pieces, modules, and the information structure they are told
// everything in (Multiboot Specification 0.6.96 section 3.3, 2.0 section 3.6).
#pragma once

#include <memory>

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

// `facts` and `inputs` must outlive the answer; inputs.kernel holds a MultibootKernel. kDoesNotFit where a
// piece's place is not free or there is no room; kUnsupported for what it demands and is not there.
Result<std::unique_ptr<PlacedBoot>> PlaceMultiboot(const X86Facts& facts, const BootInputs& inputs,
                                                   Diagnostics& diagnostics);

}  // namespace kexec
