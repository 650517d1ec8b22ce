// SPDX-License-Identifier: LGPL-2.1-or-later
// The notes of an ELF kernel: who made it, and where else it may be entered.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "loaders/elf/elf_file.h"

namespace kexec {

struct ElfNote {
  std::string_view name;  // without its final zero; borrowed from the file
  uint32_t type;
  Bytes description;  // borrowed from the file
};

// Of the PT_NOTE segments, or of the note sections where there is no such segment. Ends at the first one that
// does not lie wholly in its table, as the kernel's own readers do, and behind 1 MiB. The file is
// little-endian.
std::vector<ElfNote> ReadElfNotes(Bytes file, const ElfFile& elf);

struct KernelNotes {
  bool is_linux = false;
  std::optional<uint64_t> pvh_entry;
  // The C library's start files put a note into every program that is to run on Linux, and Go does likewise:
  // this is no kernel.
  bool is_program = false;
};
KernelNotes UnderstandNotes(const std::vector<ElfNote>& notes);

}  // namespace kexec
