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

KEXEC_PUBLIC_BEGIN
namespace kexec {

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
  std::vector<LoadPiece> pieces;  // by ascending address, without overlap, all below 4 GiB; at least one
  PhysAddr entry;                 // entered in 32-bit protected mode without paging; below 4 GiB
  std::optional<MultibootRelocation> relocation;
  bool page_aligned_modules = false;
  // Multiboot 1, flags bit 2; multiboot 2, framebuffer tag: it can draw on a linear frame buffer.
  bool uses_framebuffer = false;
  // Multiboot 2, console flags: it draws EGA text, and it must be told of a console it can draw on.
  bool uses_ega_text = false;
  bool needs_console = false;
  // Multiboot 2, information requests: types of the tags it asks for, in the order it asks. What the
  // specification does not know is only left in where the request is optional.
  std::vector<uint32_t> requested_tags;
};

// Rows "multiboot2-x86" and "multiboot-x86" of the registry: a header at its place with a right checksum.
bool RecognisesMultiboot2(Bytes file);
bool RecognisesMultiboot1(Bytes file);
// kMalformed for a damaged header or addresses that cannot be meant; kUnsupported for another machine, a
// feature or tag it cannot do without and the specification (or a machine that runs already) does not have.
Result<KernelImage> ParseMultiboot2(const SharedBytes& file, const ParseOptions& options,
                                    Diagnostics& diagnostics);
Result<KernelImage> ParseMultiboot1(const SharedBytes& file, const ParseOptions& options,
                                    Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
