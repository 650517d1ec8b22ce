// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/crash_facts.h"

#include <string_view>
#include <utility>

#include "kexec/xen_domain.h"
#include "kexec/xen_kexec.h"

namespace kexec {
namespace {

std::vector<PhysRange> RangesNamed(std::string_view name, const IomemReport& iomem) {
  std::vector<PhysRange> ranges;
  for (const IomemEntry& entry : iomem.entries) {
    if (entry.name == name) ranges.push_back(entry.range);
  }
  return ranges;
}

Result<CrashFacts> ReadXenCrashFacts(const SystemRoot& root, const IomemReport& iomem,
                                     Diagnostics& diagnostics) {
  CrashFacts facts;
  facts.memory = MakeCrashMemory(iomem, {});
  if (facts.memory.regions.empty()) {
    return Fail(
        Errc::kNoCrashRegion,
        "Xen has reserved no memory for a crash kernel; start Xen with crashkernel= on its own command line");
  }
  facts.cpu_notes = RangesNamed(kXenCpuNotes, iomem);
  const std::vector<PhysRange> vmcoreinfo = RangesNamed(kXenVmcoreinfo, iomem);
  if (facts.cpu_notes.empty() || vmcoreinfo.empty()) {
    return Fail(Errc::kIo, "Xen tells of no {}: nothing could read a dump",
                facts.cpu_notes.empty() ? "notes of its CPUs" : "vmcoreinfo");
  }
  facts.xen_vmcoreinfo = vmcoreinfo.front();
  // paddr_vmcoreinfo_note in arch/x86/xen/mmu_pv.c: the machine's address; elsewhere the domain's own.
  if (ReadXenDomain(root) == XenDomain::kPvFirst) facts.vmcoreinfo = ReadVmcoreinfo(root, diagnostics);
  return facts;
}

}  // namespace

Result<CrashFacts> ReadCrashFacts(const SystemRoot& root, const IomemReport& iomem,
                                  MappingReader read_mapping, Diagnostics& diagnostics) {
  if (XenLoads(root)) return ReadXenCrashFacts(root, iomem, diagnostics);
  CrashFacts facts;
  KEXEC_ASSIGN(const std::vector<PhysRange> cma, ReadCmaRanges(root));
  facts.memory = MakeCrashMemory(iomem, cma);
  if (facts.memory.regions.empty()) {
    return Fail(
        Errc::kNoCrashRegion,
        "no memory is reserved for a crash kernel: '{}' has no 'Crash kernel'; start this kernel with "
        "crashkernel= on its command line",
        (root.path() / "proc/iomem").string());
  }
  KEXEC_ASSIGN(facts.cpu_notes, ReadCpuNotes(root, diagnostics));
  facts.vmcoreinfo = ReadVmcoreinfo(root, diagnostics);
  facts.mapping = read_mapping(root, iomem, diagnostics);
  if (!facts.mapping.text && !facts.vmcoreinfo) {
    return Fail(
        Errc::kIo,
        "a dump would tell neither where the kernel is mapped ('{0}/proc/kcore', '{0}/proc/kallsyms') "
        "nor vmcoreinfo ('{0}/sys/kernel/vmcoreinfo'): nothing could read it",
        root.path() == "/" ? std::string() : root.path().string());
  }
  facts.elfcorehdr_size = ReadElfcorehdrSize(root);
  return facts;
}

}  // namespace kexec
