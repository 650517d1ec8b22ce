// SPDX-License-Identifier: LGPL-2.1-or-later
// Multiboot 2 Specification 2.0, 3.1: "OS image format".
#include <algorithm>
#include <utility>

#include "loaders/kernel_image.h"
#include "loaders/multiboot/header.h"
#include "loaders/multiboot/header_tags.h"
#include "loaders/multiboot/multiboot.h"
#include "loaders/multiboot/pieces.h"

namespace kexec {
namespace {

// The bytes of the header behind its magic fields.
Result<Bytes> TagBytes(Bytes file, uint64_t offset) {
  const auto header = ReadAt<Multiboot2Header>(file, offset).value();
  if (header.architecture != kMultiboot2I386) {
    return Fail(Errc::kUnsupported, "its header is for the architecture {}, only {} (i386) is known",
                uint32_t{header.architecture}, kMultiboot2I386);
  }
  const uint64_t space = std::min<uint64_t>(file.size(), kMultiboot2HeaderSpace) - offset;
  if (header.length < sizeof(header) || header.length > space) {
    return Fail(Errc::kMalformed,
                "the header at offset {:#x} has {:#x} bytes, it must be {:#x} to {:#x} long there", offset,
                uint32_t{header.length}, sizeof(header), space);
  }
  return file.subspan(offset + sizeof(header), header.length - sizeof(header));
}

}  // namespace

bool RecognisesMultiboot2(Bytes file) { return FindMultiboot2Header(file).has_value(); }

Result<KernelImage> ParseMultiboot2(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  const uint64_t offset = FindMultiboot2Header(file.view()).value();
  KEXEC_ASSIGN(const Bytes tag_bytes, TagBytes(file.view(), offset));
  KEXEC_ASSIGN(Multiboot2Tags tags, ParseMultiboot2Tags(tag_bytes, diagnostics));
  if (tags.addresses && !tags.entry) {
    return Fail(Errc::kMalformed, "its header names load addresses but no entry address");
  }
  KEXEC_ASSIGN(MultibootPieces found, tags.addresses ? PiecesByAddresses(file, offset, *tags.addresses)
                                                     : PiecesOfElf(file, diagnostics));
  MultibootKernel kernel;
  kernel.version = 2;
  kernel.pieces = std::move(found.pieces);
  kernel.entry = tags.entry.value_or(found.entry);
  KEXEC_TRY(CheckMultibootEntry(kernel));
  kernel.relocation = tags.relocation;
  kernel.page_aligned_modules = tags.page_aligned_modules;
  kernel.uses_framebuffer = tags.uses_framebuffer;
  kernel.uses_ega_text = tags.uses_ega_text;
  kernel.needs_console = tags.needs_console;
  kernel.requested_tags = std::move(tags.requested);
  return KernelImage{.type = {}, .image = std::move(kernel)};
}

}  // namespace kexec
