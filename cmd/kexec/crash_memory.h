// SPDX-License-Identifier: GPL-2.0-or-later
// The memory reserved for a crash kernel, as far as this process may see it.
#pragma once

#include <cstdint>

#include "kexec/error.h"
#include "kexec/system_root.h"

namespace kexec {

// Bytes of the crash region (the higher one where there are two), 0 if none is reserved. From /proc/iomem, or
// where that hides its addresses, from /sys/kernel/kexec_crash_size.
Result<uint64_t> CrashMemoryBytes(const SystemRoot& root);

// kNoCrashRegion with the remedy, if nothing is reserved. An unknown size passes: the kernel knows better.
Result<> RequireCrashMemory(const SystemRoot& root);

}  // namespace kexec
