// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_crash_facts.h"

#include <utility>

#include "arch/x86_64/kernel_text.h"
#include "kexec/memory_map.h"

namespace kexec {

Result<X86CrashFacts> ReadX86CrashFacts(const SystemRoot& root, Diagnostics& diagnostics) {
  X86CrashFacts facts;
  KEXEC_ASSIGN(const IomemReport iomem, ReadIomem(root));
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
  KernelMapping mapping = ReadKernelMapping(root, iomem, diagnostics);
  if (!mapping.text && !facts.vmcoreinfo) {
    return Fail(
        Errc::kIo,
        "a dump would tell neither where the kernel is mapped ('{0}/proc/kcore', '{0}/proc/kallsyms') "
        "nor vmcoreinfo ('{0}/sys/kernel/vmcoreinfo'): nothing could read it",
        root.path() == "/" ? std::string() : root.path().string());
  }
  facts.text = std::move(mapping.text);
  facts.page_offset = mapping.page_offset;
  facts.elfcorehdr_size = ReadElfcorehdrSize(root);
  return facts;
}

}  // namespace kexec
