// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of an ELF file: what kernels and core files have in common. libelf decodes both classes and byte
// orders; it takes every number as it comes and cuts a table short without a word, so whatever it returns is
// checked here (System V ABI, chapters 4 and 5; gABI for PN_XNUM).
#pragma once

#include <cstdint>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "loaders/elf/elf_core.h"

namespace kexec {

struct ElfFile {
  bool is_64bit = false;
  bool big_endian = false;
  uint16_t type = 0;     // ET_*
  uint16_t machine = 0;  // EM_*
  uint64_t entry = 0;
  uint64_t table_end = 0;              // of the program headers, in the file
  std::vector<ElfSegment> segments{};  // as the file says, unchecked
};

struct ElfSection {
  uint32_t type;  // SHT_*
  uint64_t offset;
  uint64_t size;
  uint64_t alignment;
};

struct ElfSections {
  uint64_t table_end = 0;  // in the file; 0: there are none
  std::vector<ElfSection> sections{};
};

// Program headers that are read at most. A core file has one for each piece of memory: Linux' own kernels of
// machines with thousands of memory blocks stay far below. A kernel has a handful.
inline constexpr uint64_t kMaxCoreHeaders = uint64_t{1} << 20;
inline constexpr uint64_t kMaxKernelHeaders = 1024;

// Bytes of the file header of a class (System V ABI, chapter 4).
uint64_t ElfHeaderSize(bool is_64bit);

// As ElfHeadSize (elf_core.h), for any type of file.
Result<uint64_t> ElfTableEnd(Bytes start);

// `head` reaches at least to ElfTableEnd. kNotRecognised: no ELF file; kMalformed: a broken header or table,
// or more than `most` program headers.
Result<ElfFile> ParseElfFile(Bytes head, uint64_t most);

// The section headers. kMalformed: a table that is not wholly in the file, or more than 65279 of them.
Result<ElfSections> ParseElfSections(Bytes file);

}  // namespace kexec
