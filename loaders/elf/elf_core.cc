// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/elf/elf_core.h"

#include <utility>

#include "loaders/elf/elf_file.h"

namespace kexec {

Result<uint64_t> ElfHeadSize(Bytes start) { return ElfTableEnd(start); }

Result<ElfCore> ParseElfCore(Bytes head) {
  constexpr uint16_t kCoreFile = 4;  // ET_CORE
  KEXEC_ASSIGN(ElfFile file, ParseElfFile(head, kMaxCoreHeaders));
  if (file.type != kCoreFile) {
    return Fail(Errc::kMalformed, "ELF: no core file (e_type is {}, a core has {})", file.type, kCoreFile);
  }
  return ElfCore{file.is_64bit, file.big_endian, file.machine, std::move(file.segments)};
}

}  // namespace kexec
