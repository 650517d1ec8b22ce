// SPDX-License-Identifier: LGPL-2.1-or-later
// The core headers ("elfcorehdr"): an ELF64 core file without contents that the panicked kernel's successor
// finds by the elfcorehdr= on its command line and turns into /proc/vmcore (fs/proc/vmcore.c,
// Documentation/admin-guide/kdump/kdump.rst). In this order: the ELF header, one PT_NOTE for each CPU's
// registers, one for vmcoreinfo (of Xen and of its first domain two), one PT_LOAD for the kernel's own
// mapping, one for each range of RAM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Where the panicked kernel's text, data and bss lie.
struct KernelText {
  PhysRange range;
  uint64_t virt;  // virtual address of range.begin()
  bool operator==(const KernelText&) const = default;
};

// RAM in the dump.
struct DumpedRam {
  PhysRange range;  // as the panicked kernel knew it
  PhysAddr stored;  // where its first byte is found after the panic: range.begin(), or its place in a backup
  bool operator==(const DumpedRam&) const = default;
};

struct CoreHeaderInputs {
  uint16_t elf_machine = 0;  // EM_*
  std::vector<PhysRange> cpu_notes;
  std::optional<PhysRange> xen_vmcoreinfo;
  std::optional<PhysRange> vmcoreinfo;
  std::optional<KernelText> text;
  // Virtual address of physical address 0 in the kernel's direct map; unknown: every p_vaddr of RAM is all
  // ones, which makedumpfile and crash read as "not known".
  std::optional<uint64_t> page_offset;
  std::vector<DumpedRam> ram;  // ascending
};

// Bytes BuildCoreHeaders makes of these inputs; depends on counts only, so Place can ask before any address
// is fixed. kUnsupported above 65,535 headers: e_phnum has 16 bits, and the capture kernel does not read
// PN_XNUM (process_ptload_program_headers_elf64 in fs/proc/vmcore.c).
Result<size_t> CoreHeadersSize(const CoreHeaderInputs& inputs);
Result<std::vector<std::byte>> BuildCoreHeaders(const CoreHeaderInputs& inputs);

}  // namespace kexec
KEXEC_PUBLIC_END
