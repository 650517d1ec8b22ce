// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels with a Multiboot header: Xen, and many small ones. Multiboot Specification 0.6.96 and 2.0.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "loaders/load_piece.h"

namespace KEXEC_PUBLIC kexec {

struct KernelImage;
struct ParseOptions;

// Multiboot 2, "Relocatable header tag".
struct MultibootRelocation {
  PhysAddr lowest;
  PhysAddr highest;  // of its last byte
  Alignment alignment = Alignment::Of<1>();
  bool prefers_high = false;
  bool prefers_low = false;
};

struct MultibootKernel {
  int version = 0;                // 1 or 2
  std::vector<LoadPiece> pieces;  // by ascending address, without overlap, all below 4 GiB
  PhysAddr entry;                 // entered in 32-bit protected mode without paging
  std::optional<MultibootRelocation> relocation;
  bool page_aligned_modules = false;
  std::vector<uint32_t> required_tags;  // multiboot 2: what it cannot do without
};

// Rows "multiboot2-x86" and "multiboot-x86" of the registry.
bool RecognisesMultiboot2(Bytes file);
bool RecognisesMultiboot1(Bytes file);
Result<KernelImage> ParseMultiboot2(const SharedBytes& file, const ParseOptions& options,
                                    Diagnostics& diagnostics);
Result<KernelImage> ParseMultiboot1(const SharedBytes& file, const ParseOptions& options,
                                    Diagnostics& diagnostics);

}  // namespace kexec
