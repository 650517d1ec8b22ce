// SPDX-License-Identifier: LGPL-2.1-or-later
// The running kernel's memory as a crash kernel needs to know it: what is reserved for it, and what a dump
// holds.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

namespace KEXEC_PUBLIC kexec {

// Every list is ascending, disjoint and merged.
struct CrashMemory {
  std::vector<PhysRange> regions;  // "Crash kernel" of /proc/iomem; the kernel loads into the last one only
  // crashkernel=SIZE,cma: lent to user space until the panic, then the crash kernel's. Part of no dump
  // (Documentation/admin-guide/kernel-parameters.txt).
  std::vector<PhysRange> cma;
  // What a dump holds: "System RAM", whoever added it, without `regions`, `cma` and the GART aperture.
  std::vector<PhysRange> dumped;
};

// Pure. `cma` as in sys/kernel/kexec_crash_cma_ranges; O(n log n).
Result<CrashMemory> MakeCrashMemory(const IomemReport& iomem, std::vector<PhysRange> cma);
Result<CrashMemory> ReadCrashMemory(const SystemRoot& root, Diagnostics& diagnostics);

// Where the panicking kernel leaves each CPU's registers: sys/devices/system/cpu/cpuN/crash_notes and
// crash_notes_size, ascending by N, of the possible CPUs that sysfs tells.
Result<std::vector<PhysRange>> ReadCpuNotes(const SystemRoot& root, Diagnostics& diagnostics);
// sys/kernel/vmcoreinfo: "ADDRESS SIZE", both hexadecimal. nullopt with a warning if it is not there.
std::optional<PhysRange> ReadVmcoreinfo(const SystemRoot& root, Diagnostics& diagnostics);
// sys/kernel/crash_elfcorehdr_size (or crash_elfcorehdr_size in sys/kernel/kexec/): bytes the running kernel
// needs to keep the core headers up to date by itself; nullopt: it does not do that.
std::optional<uint64_t> ReadElfcorehdrSize(const SystemRoot& root);

}  // namespace kexec
