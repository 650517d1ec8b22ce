// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a running riscv64 kernel maps its text and all of memory (Documentation/arch/riscv/vm-layout.rst).
#pragma once

#include "arch/crash_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/memory_map.h"
#include "kexec/system_root.h"

namespace kexec {

KernelMapping ReadRiscv64KernelMapping(const SystemRoot& root, const IomemReport& iomem,
                                       Diagnostics& diagnostics);

}  // namespace kexec
