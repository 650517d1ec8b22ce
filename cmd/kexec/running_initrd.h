// SPDX-License-Identifier: GPL-2.0-or-later
// The initrd the running kernel was started with, which it keeps if it was asked to.
#pragma once

#include <filesystem>

#include "kexec/error.h"
#include "kexec/system_root.h"

namespace kexec {

// Where the kernel shows it (Documentation/ABI/testing/sysfs-firmware-initrd). kUnsupported, with the reason,
// where it does not.
Result<std::filesystem::path> RunningInitrd(const SystemRoot& root);

}  // namespace kexec
