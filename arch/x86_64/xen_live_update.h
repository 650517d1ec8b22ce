// SPDX-License-Identifier: LGPL-2.1-or-later
// A live update of Xen: another Xen takes over the running machine with its domains. The new one must lie
// where the old one does, and everything that comes with it in the memory that Xen keeps for that, which it
// is told of by "liveupdate=" on its command line. As kexec-tools has it (kexec/arch/i386/kexec-mb2-x86.c);
// Xen's own tree does not have it yet.
//
//   live update area: | Xen's page of notes | information, modules, purgatory ... |
#pragma once

#include <optional>

#include "arch/machine.h"
#include "kexec/error.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"

namespace kexec {

struct XenLiveUpdate {
  PhysRange xen;   // where the running one lies
  PhysRange area;  // without its first page
};

// nullopt: this Xen tells of no such memory.
std::optional<XenLiveUpdate> FindXenLiveUpdate(const IomemReport& iomem);

// `inputs` for a kernel that takes Xen's place. kUnsupported for any but a relocatable Multiboot 2 kernel,
// and where Xen has no memory for it.
Result<BootInputs> LiveUpdateInputs(const std::optional<XenLiveUpdate>& live_update,
                                    const BootInputs& inputs);

}  // namespace kexec
