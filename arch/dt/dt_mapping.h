// SPDX-License-Identifier: LGPL-2.1-or-later
// What /proc/kcore tells of a kernel whose text and direct map are both mapped in one piece.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/crash_facts.h"
#include "kexec/phys.h"
#include "loaders/elf/elf_core.h"

namespace kexec {

// Pure. The direct map's segments share one distance between virtual and physical addresses; the text is the
// segment over `code` with another one, of at most `text_max` bytes. Nothing below `kernel_half` is the
// kernel's.
KernelMapping MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code,
                               uint64_t kernel_half, uint64_t text_max);

}  // namespace kexec
