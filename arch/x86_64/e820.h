// SPDX-License-Identifier: LGPL-2.1-or-later
// A memory map in the words of the boot protocol.
#pragma once

#include <span>
#include <vector>

#include "arch/x86_64/boot_params.h"
#include "kexec/memory_map.h"

namespace kexec {

E820Type E820TypeOf(MemoryType type);

// Every region, ascending. Page 0 and the EBDA are told as the firmware told them: the kernel reserves them
// itself.
std::vector<E820Entry> ToE820(const MemoryMap& map);

// Fills e820_table with the first 128 of `entries`, and the two older sizes of memory above 1 MiB: alt_mem_k
// in KiB, screen_info.ext_mem_k the same up to 0xfc00 (zero-page.rst).
void FillMemory(std::span<const E820Entry> entries, BootParams& params);

}  // namespace kexec
