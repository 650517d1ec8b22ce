// SPDX-License-Identifier: LGPL-2.1-or-later
// What the running kernel tells about how it was booted: its own boot_params and the setup_data list behind
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "arch/x86_64/boot_params.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/system_root.h"

namespace kexec {

// One node of the setup_data list, without its links.
struct SetupData {
  SetupDataType type;
  std::vector<std::byte> payload;
};

// /sys/kernel/boot_params/data, or the same in debugfs (Documentation/ABI/testing/sysfs-kernel-boot_params).
// nullopt, with a note, if this kernel shows neither: planning goes on without what only they know.
std::optional<BootParams> ReadRunningBootParams(const SystemRoot& root, Diagnostics& diagnostics);

// The nodes of /sys/kernel/boot_params/setup_data worth handing on: those that describe the machine (device
// tree, option ROMs the firmware read, Apple properties, Jailhouse, confidential computing). Not those that
// are made anew (memory map, EFI, random seed) and those that point to memory which will be gone (IMA, KHO).
// Unreadable or oversized nodes are left out with a warning.
std::vector<SetupData> ReadCarriedSetupData(const SystemRoot& root, Diagnostics& diagnostics);

}  // namespace kexec
