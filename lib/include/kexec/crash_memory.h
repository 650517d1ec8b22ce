// SPDX-License-Identifier: LGPL-2.1-or-later
// The running kernel's memory as a crash kernel needs to know it: what is reserved for it, and what a dump
// holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Every list is ascending and disjoint; touching ranges are one, except in `regions`.
struct CrashMemory {
  // "Crash kernel" of /proc/iomem; the kernel loads into the last one only.
  std::vector<PhysRange> regions;
  // crashkernel=SIZE,cma: lent to user space until the panic, then the crash kernel's. Part of no dump
  // (Documentation/admin-guide/kernel-parameters.txt).
  std::vector<PhysRange> cma;
  // What a dump holds: "System RAM", whoever added it, without `regions`, `cma` and the GART aperture.
  std::vector<PhysRange> dumped;
};

// Pure. What /sys shows of the CMA ranges: lines of "first-last" in hexadecimal, the last byte included. In
// the file's order, unchecked against memory.
Result<std::vector<PhysRange>> ParseCmaRanges(std::string_view text);
// sys/kernel/kexec/crash_cma_ranges or sys/kernel/kexec_crash_cma_ranges; neither there: no such ranges.
Result<std::vector<PhysRange>> ReadCmaRanges(const SystemRoot& root);

// Pure; O(n log n) for ranges in any order, overlapping in any way.
CrashMemory MakeCrashMemory(const IomemReport& iomem, const std::vector<PhysRange>& cma);
Result<CrashMemory> ReadCrashMemory(const SystemRoot& root);

// Pure. A list of CPUs as the kernel prints it ("0-3,8,10-11"): its ranges, both ends included, as they stand
// in the text. kMalformed for anything else, and for CPUs beyond the 65,535 that core headers have room for.
struct CpuRange {
  uint32_t first, last;
  bool operator==(const CpuRange&) const = default;
};
Result<std::vector<CpuRange>> ParseCpuList(std::string_view text);
// Where the panicking kernel leaves each CPU's registers: sys/devices/system/cpu/cpuN/crash_notes and
// crash_notes_size, of the CPUs in sys/devices/system/cpu/possible, in that order. One that was never present
// has no folder and is left out, with a note. kIo if no CPU has notes, kMalformed for what is no address.
Result<std::vector<PhysRange>> ReadCpuNotes(const SystemRoot& root, Diagnostics& diagnostics);

// Pure. "ADDRESS SIZE", both hexadecimal, with or without 0x; nullopt: something else.
std::optional<PhysRange> ParseVmcoreinfo(std::string_view text);
// sys/kernel/vmcoreinfo; nullopt with a warning if it is not there or makes no sense.
std::optional<PhysRange> ReadVmcoreinfo(const SystemRoot& root, Diagnostics& diagnostics);
// sys/kernel/kexec/crash_elfcorehdr_size or sys/kernel/crash_elfcorehdr_size: bytes the running kernel needs
// to keep the core headers up to date by itself; nullopt: it does not do that.
std::optional<uint64_t> ReadElfcorehdrSize(const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
