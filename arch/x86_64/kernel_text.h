// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the running kernel's two mappings of memory are: its own text, data and bss, and the direct map of
// all RAM (Documentation/arch/x86/x86_64/mm.rst). Both are randomised at boot.
#pragma once

#include <optional>

#include "arch/kernel_mapping.h"
#include "kexec/diagnostics.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"
#include "loaders/elf/elf_core.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Pure. What /proc/kcore's program headers tell; `code` is "Kernel code" of /proc/iomem. Kernels before 4.11
// write no physical addresses there: the text's is `code`'s then, and the direct map begins where the lowest
// segment does. Segments that contradict each other tell nothing.
KernelMapping MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code);

const MappingRules& X86MappingRules();

// ReadKernelMapping with those rules.
KernelMapping ReadX86KernelMapping(const SystemRoot& root, const IomemReport& iomem,
                                   Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
