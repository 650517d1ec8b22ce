// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the direct map begins when nothing randomised it.
#pragma once

#include <cstdint>
#include <optional>

#include "kexec/system_root.h"

namespace kexec {

// The virtual address of physical address 0 that Documentation/arch/x86/x86_64/mm.rst gives for the running
// kernel's number of page table levels; nullopt if the kernel is older than that layout (4.20), if it was
// randomised, or if that cannot be known.
std::optional<uint64_t> FixedPageOffset(const SystemRoot& root);

}  // namespace kexec
