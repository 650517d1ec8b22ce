// SPDX-License-Identifier: LGPL-2.1-or-later
// ELF executables that are loaded as they are: vmlinux, other kernels, boot programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "loaders/load_piece.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct KernelImage;
struct ParseOptions;

struct ElfKernel {
  bool is_64bit = false;
  bool position_independent = false;            // ET_DYN: may be loaded anywhere
  std::vector<LoadPiece> pieces;                // by ascending address, without overlap; at least one
  Alignment alignment = Alignment::Of<4096>();  // the largest p_align; a moved kernel keeps it
  PhysAddr entry;                               // physical, inside a piece, for the linked addresses
  // Physical, 32-bit: the XEN_ELFNOTE_PHYS32_ENTRY note (Xen, docs/misc/pvh.pandoc).
  std::optional<PhysAddr> pvh_entry;
  bool is_linux = false;  // its notes say so
  std::string version;    // of Linux: "6.1.0-49-cloud-amd64 (...)", from its banner; empty if not found
};

// The relocations a Linux/x86 build appends to vmlinux for a kernel that can run at another virtual address
// than it was linked for (arch/x86/tools/relocs.c): sign-extended virtual addresses of the fields.
struct KernelRelocations {
  std::vector<uint32_t> add64;       // 64-bit fields the distance is added to
  std::vector<uint32_t> add32;       // 32-bit fields it is added to
  std::vector<uint32_t> subtract32;  // 32-bit fields it is subtracted from (per-CPU symbols, before 6.15)
  bool empty() const { return add64.empty() && add32.empty() && subtract32.empty(); }
};

// Rows "elf-x86_64" and "elf-x86" of the registry: ET_EXEC or ET_DYN without an interpreter, of EM_X86_64, or
// of EM_386 or EM_486.
bool RecognisesElf64(Bytes file);
bool RecognisesElf32(Bytes file);
Result<KernelImage> ParseElf64(const SharedBytes& file, const ParseOptions& options,
                               Diagnostics& diagnostics);
Result<KernelImage> ParseElf32(const SharedBytes& file, const ParseOptions& options,
                               Diagnostics& diagnostics);

enum class ElfMachine { kI386, kX86_64, kArm64, kRiscv64 };

// ET_EXEC or ET_DYN for that machine, and no program for a running system.
bool IsElfKernel(Bytes file, ElfMachine machine);

// The kernel in an ELF file for any ElfMachine; also for formats that come in ELF clothing. No byte is
// copied.
Result<ElfKernel> ReadElfKernel(const SharedBytes& file, Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
