// SPDX-License-Identifier: LGPL-2.1-or-later
// What a crash kernel's boot has beyond a normal one on a machine with a device tree: core headers, and the
// memory it is limited to.
//
//   crash region                                                                   end
//  |-----------------------------------------------------------------------------------|
//  | kernel | ...                            device tree | purgatory | initrds | elfcorehdr |
//
// Its tree is that of the whole machine; "linux,usable-memory-range" is what it may use: the crash regions,
// and what was lent until the panic (crashkernel=...,cma). It keeps the core headers itself.
#pragma once

#include <cstddef>
#include <vector>

#include "arch/dt/dt_machine.h"
#include "arch/machine.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/layout.h"
#include "kexec/phys.h"

namespace kexec {

struct DtCrashExtras {
  PageRange core_headers;
  std::vector<std::byte> core_header_bytes;
  bool kernel_updates_headers = false;  // --hotplug, and the running kernel can: no digest covers them
  std::vector<PhysRange> usable;        // the region it is loaded into first
};

// The one region the kernel loads into (crashk_res), as far as --mem-min and --mem-max allow.
Result<PhysRange> CrashWindow(const DtMachine& machine, const BootInputs& inputs);

Result<DtCrashExtras> PlaceDtCrash(const DtMachine& machine, const BootInputs& inputs,
                                   const PhysRange& window, Layout& layout, Diagnostics& diagnostics);

}  // namespace kexec
