// SPDX-License-Identifier: LGPL-2.1-or-later
// Purgatory for riscv64 as the build left it: a flat image that runs at any page-aligned physical address and
// starts with a struct kexec_riscv64_purgatory_params, of which the caller fills its own copy.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/riscv64/purgatory/params.h"
#include "kexec/bytes.h"

namespace kexec {

// The bytes to load (a segment's contents). Static storage. Empty where the build found no compiler for
// riscv64: nothing can be loaded for that machine then.
Bytes Riscv64PurgatoryBlob();

// Bytes it needs in memory, the stack included (a segment's size before rounding to pages). What lies behind
// the blob's bytes need not be zero.
size_t Riscv64PurgatoryMemSize();

// The parameters as the build left them: a copy to fill and write back over the first bytes of the blob's
// copy. Jump to load address + entry_offset.
kexec_riscv64_purgatory_params Riscv64PurgatoryParams();

}  // namespace kexec
