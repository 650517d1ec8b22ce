// SPDX-License-Identifier: LGPL-2.1-or-later
// What of a file goes where: by the addresses a Multiboot header names, or by the file's ELF headers.
#pragma once

#include <cstdint>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"
#include "loaders/load_piece.h"
#include "loaders/multiboot/multiboot.h"

namespace kexec {

// The address fields of both versions (0.6.96, 3.1.3; 2.0, 3.1.5).
struct MultibootAddresses {
  uint32_t header_addr = 0;    // where the header itself is to lie
  uint32_t load_addr = 0;      // kFromFileStart: the file is loaded from its first byte
  uint32_t load_end_addr = 0;  // 0: up to the end of the file
  uint32_t bss_end_addr = 0;   // 0: no bss
};
inline constexpr uint32_t kFromFileStart = 0xffffffff;  // multiboot 2 only

struct MultibootPieces {
  std::vector<LoadPiece> pieces;
  PhysAddr entry;  // of an ELF file; 0 for one loaded by addresses
};

// The one piece `addresses` describe, for a header found at `header_offset`. kMalformed where they contradict
// each other or the file.
Result<MultibootPieces> PiecesByAddresses(const SharedBytes& file, uint64_t header_offset,
                                          const MultibootAddresses& addresses);
// Those of the ELF file (32 or 64 bit). kMalformed where it is not one or reaches above 4 GiB.
Result<MultibootPieces> PiecesOfElf(const SharedBytes& file, Diagnostics& diagnostics);
// kMalformed unless the entry lies inside a piece.
Result<> CheckMultibootEntry(const MultibootKernel& kernel);

}  // namespace kexec
