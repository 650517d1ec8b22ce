// SPDX-License-Identifier: LGPL-2.1-or-later
// What a plan for a crash kernel needs to know about the running kernel, beyond X86Facts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kexec/core_headers.h"
#include "kexec/crash_memory.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

namespace kexec {

struct X86CrashFacts {
  CrashMemory memory;
  std::vector<PhysRange> cpu_notes;
  std::optional<PhysRange> vmcoreinfo;
  std::optional<KernelText> text;
  std::optional<uint64_t> page_offset;
  std::optional<uint64_t> elfcorehdr_size;  // ReadElfcorehdrSize
};

// Fails without /proc/iomem's addresses, without a crash region (kNoCrashRegion) and without the CPUs' notes.
// The kernel's mapping comes from /proc/kcore, else from /proc/kallsyms and /proc/iomem; what cannot be found
// is left out, with a warning that says what the dump will lack.
Result<X86CrashFacts> ReadX86CrashFacts(const SystemRoot& root, Diagnostics& diagnostics);

}  // namespace kexec
