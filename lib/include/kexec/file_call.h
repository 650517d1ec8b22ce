// SPDX-License-Identifier: LGPL-2.1-or-later
// What versions of kexec_file_load know and get wrong. No file of a kernel tells, an unknown flag is EINVAL,
// and a load to find out would count against kernel.kexec_load_limit_*: so these few things go by the
// release.
#pragma once

#include <cstdint>

#include "kexec/export.h"
#include "kexec/plan.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Whether the running kernel's release begins with that version or a later one.
bool KernelIsSince(unsigned major, unsigned minor, const SystemRoot& root);

// KEXEC_FILE_NO_CMA where the kernel would put a kernel into contiguous memory (cma=), else 0: it aligns to
// less than kernels ask for, and the next one overwrites its initrd.
uint64_t NoCmaFlag(LoadKind kind, const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
