// SPDX-License-Identifier: LGPL-2.1-or-later
// Linux for arm64 and riscv64: an Image, whose first 64 bytes say how much memory it needs and where, or the
// vmlinux an Image is made from, which begins with the same 64 bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/load_piece.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct KernelImage;
struct ParseOptions;

enum class ImagePageSize { kUnspecified, k4K, k16K, k64K };

struct ImageKernel {
  // Where the first byte goes, counted from a 2 MiB boundary: a multiple of 4096. arm64 obeys it (0 since
  // 5.8); on riscv64 the first byte itself may lie on any 2 MiB boundary, and this is only what firmware adds
  // to the start of RAM.
  uint64_t text_offset = 0;
  // Memory the kernel uses from its first byte on until it knows its memory map: .bss and page tables
  // included.
  uint64_t image_size = 0;
  // False for arm64 kernels before 3.17, whose header does not tell: image_size is an estimate then, and as
  // much memory as possible behind it should be left free.
  bool image_size_told = true;
  bool big_endian = false;                                // arm64 only; riscv64 ones are refused
  ImagePageSize page_size = ImagePageSize::kUnspecified;  // arm64 only
  // May lie anywhere in memory. False: arm64 before 4.6, where RAM below the kernel is lost to it, so that it
  // belongs as near to the start of RAM as possible.
  bool anywhere = false;
  // What to load, by ascending address from 0 on, counted from the kernel's first byte; together they cover
  // image_size without a gap. An Image is one piece.
  std::vector<LoadPiece> pieces;
  std::string version;  // "6.12.57+deb13-arm64 (...)", from its banner; empty if not found
};

// Rows "Image" and "image-riscv" of the registry.
bool RecognisesArm64Image(Bytes file);
bool RecognisesRiscvImage(Bytes file);
Result<KernelImage> ParseArm64Image(const SharedBytes& file, const ParseOptions& options,
                                    Diagnostics& diagnostics);
Result<KernelImage> ParseRiscvImage(const SharedBytes& file, const ParseOptions& options,
                                    Diagnostics& diagnostics);

// Rows "vmlinux" and "elf-riscv": ELF executables of EM_AARCH64 and EM_RISCV with an Image's header at their
// entry point.
bool RecognisesArm64Elf(Bytes file);
bool RecognisesRiscvElf(Bytes file);
Result<KernelImage> ParseArm64Elf(const SharedBytes& file, const ParseOptions& options,
                                  Diagnostics& diagnostics);
Result<KernelImage> ParseRiscvElf(const SharedBytes& file, const ParseOptions& options,
                                  Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
