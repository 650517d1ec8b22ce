// SPDX-License-Identifier: LGPL-2.1-or-later
// What a plan for a crash kernel needs to know about the running kernel, on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kexec/core_headers.h"
#include "kexec/crash_memory.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Where the running kernel maps memory; how it is found is the machine's own.
struct KernelMapping {
  std::optional<KernelText> text;
  std::optional<uint64_t> page_offset;  // virtual address of physical address 0 in the direct map
  bool operator==(const KernelMapping&) const = default;
};

struct CrashFacts {
  CrashMemory memory;
  std::vector<PhysRange> cpu_notes;
  std::optional<PhysRange> xen_vmcoreinfo;
  std::optional<PhysRange> vmcoreinfo;
  KernelMapping mapping;
  std::optional<uint64_t> elfcorehdr_size;  // ReadElfcorehdrSize
};

using MappingReader = KernelMapping (*)(const SystemRoot& root, const IomemReport& iomem,
                                        Diagnostics& diagnostics);

// In Xen's first domain notes and vmcoreinfo are Xen's, with the domain's own vmcoreinfo where its address is
// the machine's, and neither mapping is told: both are of memory as Xen shows it to the domain.
//
// Fails where `iomem` has no crash region (kNoCrashRegion), without the CPUs' notes,
// and where neither vmcoreinfo nor the kernel's mapping are known. What else cannot be found is left out,
// with a warning that says what the dump will lack.
Result<CrashFacts> ReadCrashFacts(const SystemRoot& root, const IomemReport& iomem,
                                  MappingReader read_mapping, Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
