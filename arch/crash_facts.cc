// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/crash_facts.h"

#include <utility>

namespace kexec {

Result<CrashFacts> ReadCrashFacts(const SystemRoot& root, const IomemReport& iomem,
                                  MappingReader read_mapping, Diagnostics& diagnostics) {
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
