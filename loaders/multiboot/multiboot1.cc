// SPDX-License-Identifier: LGPL-2.1-or-later
// Multiboot Specification 0.6.96, 3.1: "OS image format".
#include <utility>

#include "loaders/kernel_image.h"
#include "loaders/multiboot/header.h"
#include "loaders/multiboot/multiboot.h"
#include "loaders/multiboot/pieces.h"

namespace kexec {
namespace {

constexpr uint32_t kKnownRequired = kMultiboot1AlignModules | kMultiboot1MemoryInfo | kMultiboot1VideoMode;

Result<MultibootPieces> ReadPieces(const SharedBytes& file, uint64_t offset, uint32_t flags,
                                   Diagnostics& diagnostics) {
  if ((flags & kMultiboot1HasAddresses) == 0) return PiecesOfElf(file, diagnostics);
  const auto header = ReadAt<Multiboot1Header>(file.view(), offset);
  if (!header) {
    return Fail(Errc::kMalformed,
                "the header at offset {:#x} says that load addresses follow, the file is {:#x} bytes", offset,
                file.size());
  }
  KEXEC_ASSIGN(MultibootPieces found, PiecesByAddresses(file, offset,
                                                        {.header_addr = header->header_addr,
                                                         .load_addr = header->load_addr,
                                                         .load_end_addr = header->load_end_addr,
                                                         .bss_end_addr = header->bss_end_addr}));
  found.entry = PhysAddr(header->entry_addr);
  return found;
}

}  // namespace

bool RecognisesMultiboot1(Bytes file) { return FindMultiboot1Header(file).has_value(); }

Result<KernelImage> ParseMultiboot1(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  const uint64_t offset = FindMultiboot1Header(file.view()).value();
  const uint32_t flags = ReadAt<Le<uint32_t>>(file.view(), offset + 4).value();
  if (const uint32_t unknown = flags & kMultiboot1Required & ~kKnownRequired; unknown != 0) {
    return Fail(Errc::kUnsupported, "it needs features that multiboot 1 does not have: flags {:#x}", unknown);
  }
  KEXEC_ASSIGN(MultibootPieces found, ReadPieces(file, offset, flags, diagnostics));
  MultibootKernel kernel;
  kernel.version = 1;
  kernel.pieces = std::move(found.pieces);
  kernel.entry = found.entry;
  KEXEC_TRY(CheckMultibootEntry(kernel));
  kernel.page_aligned_modules = (flags & kMultiboot1AlignModules) != 0;
  kernel.uses_framebuffer = (flags & kMultiboot1VideoMode) != 0;
  kernel.uses_ega_text = true;
  return KernelImage{.type = {}, .image = std::move(kernel)};
}

}  // namespace kexec
