// SPDX-License-Identifier: LGPL-2.1-or-later
// One boot of a Linux Image on a machine with a device tree: Place, then Emit.
#pragma once

#include <memory>

#include "arch/dt/dt_machine.h"
#include "arch/machine.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

// `machine` and `inputs` must outlive the answer.
Result<std::unique_ptr<PlacedBoot>> PlaceDtBoot(const DtMachine& machine, const BootInputs& inputs,
                                                Diagnostics& diagnostics);

}  // namespace kexec
