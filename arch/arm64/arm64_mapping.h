// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a running arm64 kernel maps its text and all of memory (Documentation/arch/arm64/memory.rst).
#pragma once

#include <optional>

#include "arch/crash_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"
#include "loaders/elf/elf_core.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Pure. What /proc/kcore's program headers tell. The direct map's segments share one distance between virtual
// and physical addresses; the text is the segment over `code` with another one.
KernelMapping Arm64MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code);

KernelMapping ReadArm64KernelMapping(const SystemRoot& root, const IomemReport& iomem,
                                     Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
