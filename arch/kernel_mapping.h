// SPDX-License-Identifier: LGPL-2.1-or-later
// How the running kernel's two mappings of memory are found: its own text, data and bss, and the direct map
// of all RAM. Where they may lie is each machine's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arch/crash_facts.h"
#include "kexec/core_headers.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"
#include "loaders/elf/elf_core.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct MappingRules {
  // What /proc/kcore's program headers tell; `code` is "Kernel code" of /proc/iomem.
  KernelMapping (*from_kcore)(const ElfCore& kcore, const std::optional<PhysRange>& code);
  uint64_t text_base = 0;  // no kernel's text lies below
  uint64_t text_max = 0;   // bytes it has at most
  // Of a kernel that randomises nothing; nullopt: not known to be one.
  std::optional<uint64_t> (*fixed_page_offset)(const SystemRoot& root);
};

// Pure. The kernel's text from lines of /proc/kallsyms ("ADDRESS TYPE NAME"): _text (or _stext) and _end.
// `code_begin` is its physical address. Fails with a reason: symbols missing, hidden (all zero) or absurd.
Result<KernelText> TextFromSymbols(std::string_view lines, PhysAddr code_begin, const MappingRules& rules);
// The lines of /proc/kallsyms that TextFromSymbols looks at: at most three. Reads no further than _end.
Result<std::string> ReadTextSymbols(const SystemRoot& root);

// From /proc/kcore, reading its headers only; what is not there from /proc/kallsyms and from what is fixed
// where the kernel randomises nothing. What cannot be found is left out, with a warning that says what the
// dump lacks and how to get it.
KernelMapping ReadKernelMapping(const SystemRoot& root, const IomemReport& iomem, const MappingRules& rules,
                                Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
