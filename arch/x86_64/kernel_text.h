// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the running kernel's two mappings of memory are: its own text, data and bss, and the direct map of
// all RAM (Documentation/arch/x86/x86_64/mm.rst). Both are randomised at boot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kexec/core_headers.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"
#include "loaders/elf/elf_core.h"

namespace KEXEC_PUBLIC kexec {

struct KernelMapping {
  std::optional<KernelText> text;
  std::optional<uint64_t> page_offset;  // virtual address of physical address 0 in the direct map
  bool operator==(const KernelMapping&) const = default;
};

// Pure. What /proc/kcore's program headers tell; `code` is "Kernel code" of /proc/iomem. Kernels before 4.11
// write no physical addresses there: the text's is `code`'s then, and the direct map begins where the lowest
// segment does. Segments that contradict each other tell nothing.
KernelMapping MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code);

// Pure. The kernel's text from lines of /proc/kallsyms ("ADDRESS TYPE NAME"): _text (or _stext) and _end.
// `code_begin` is its physical address. Fails with a reason: symbols missing, hidden (all zero) or absurd.
Result<KernelText> TextFromSymbols(std::string_view lines, PhysAddr code_begin);
// The lines of /proc/kallsyms that TextFromSymbols looks at: at most three. Reads no further than _end.
Result<std::string> ReadTextSymbols(const SystemRoot& root);

// From /proc/kcore, reading its headers only; what is not there from /proc/kallsyms and from what is fixed
// where the kernel randomises nothing. What cannot be found is left out, with a warning that says what the
// dump lacks and how to get it.
KernelMapping ReadKernelMapping(const SystemRoot& root, const IomemReport& iomem, Diagnostics& diagnostics);

}  // namespace kexec
