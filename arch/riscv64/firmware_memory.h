// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of the firmware that runs below the kernel, in machine mode. Since OpenSBI 1.0 it is "System RAM" to
// the kernel, so that it can be mapped in large pages, but physical memory protection makes every access
// fault.
#pragma once

#include <string_view>
#include <vector>

#include "kexec/export.h"
#include "kexec/phys.h"
#include "loaders/dtb/device_tree.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Whether the firmware has added this child of /reserved-memory to the tree it hands on: "mmode_resvN"
// (OpenSBI, lib/utils/fdt/fdt_fixup.c).
bool IsFirmwareMemory(std::string_view node);

// Pure. The memory of these nodes. None for a node that cannot be read.
std::vector<PhysRange> FirmwareMemory(const DeviceTree& tree);

// Pure. `dumped` without it: a program that reads it in a dump dies of the fault, and so does the kernel.
std::vector<PhysRange> WithoutFirmwareMemory(const std::vector<PhysRange>& dumped, const DeviceTree& tree);

}  // namespace kexec
KEXEC_PUBLIC_END
