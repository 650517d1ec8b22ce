// SPDX-License-Identifier: LGPL-2.1-or-later
// The program headers of an ELF core file: /proc/kcore, /proc/vmcore, or a saved dump.
#pragma once

#include <cstdint>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct ElfSegment {
  uint32_t type;  // PT_*
  uint64_t offset;
  uint64_t virt;
  uint64_t phys;
  uint64_t file_size;
  uint64_t memory_size;
  uint64_t alignment = 0;  // p_align
};

struct ElfCore {
  bool is_64bit;
  bool big_endian;
  uint16_t machine;  // EM_*
  std::vector<ElfSegment> segments;
};

// Bytes from the start of the file to the end of its program header table, from the file's first 64 bytes
// (52 for ELF32). With more than 65534 headers (PN_XNUM) their count is in section header 0: while `start`
// does not reach that far, the answer is where section header 0 ends; ask again with that many bytes. Any
// number may come of a hostile file: compare it with the file's size. kNotRecognised: no ELF file;
// kMalformed: a file header that cannot be.
Result<uint64_t> ElfHeadSize(Bytes start);

// `head` holds at least ElfHeadSize() bytes of the file; the segments' contents need not be there and are not
// looked at: their offsets and sizes are as the file says, unchecked. kNotRecognised: no ELF file;
// kMalformed: no core file, or a broken table.
Result<ElfCore> ParseElfCore(Bytes head);

}  // namespace kexec
KEXEC_PUBLIC_END
