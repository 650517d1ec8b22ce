// SPDX-License-Identifier: LGPL-2.1-or-later
// vmlinux for arm64 and riscv64. Its program headers name virtual addresses, or physical ones of no machine in
// particular; what counts is how the pieces lie to the Image's header, which stands at the entry point.
#include <vector>

#include "loaders/elf/elf_kernel.h"
#include "loaders/image/image_header.h"
#include "loaders/image/linux_banner.h"
#include "loaders/kernel_image.h"

namespace kexec {
namespace {

// The bytes at `address` and behind it, as far as its piece has them.
Bytes BytesFrom(const std::vector<LoadPiece>& pieces, PhysAddr address) {
  for (const LoadPiece& piece : pieces) {
    if (address < piece.address) continue;
    const uint64_t offset = address.raw() - piece.address.raw();
    if (offset < piece.contents.size()) return piece.contents.view().subspan(offset);
  }
  return {};
}

// Counts the pieces' addresses from `base` on.
Result<> Rebase(std::vector<LoadPiece>& pieces, PhysAddr base) {
  if (pieces.front().address != base) {
    return Fail(Errc::kMalformed,
                "the first piece is linked to {:#x}, but the entry point with the header is {:#x}",
                pieces.front().address.raw(), base.raw());
  }
  for (LoadPiece& piece : pieces) piece.address = PhysAddr(piece.address.raw() - base.raw());
  return {};
}

// An Image made of these pieces has zeros between them, and the same memory behind them.
void CloseGaps(std::vector<LoadPiece>& pieces, uint64_t image_size) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    const uint64_t end = i + 1 < pieces.size() ? pieces[i + 1].address.raw() : image_size;
    pieces[i].memory_size = end - pieces[i].address.raw();
  }
}

Result<KernelImage> Parse(const ImageHeaderFormat& format, const SharedBytes& file,
                          Diagnostics& diagnostics) {
  KEXEC_ASSIGN(ElfKernel elf, ReadElfKernel(file, diagnostics));
  const Bytes start = BytesFrom(elf.pieces, elf.entry);
  if (!format.recognises(start)) {
    return Fail(Errc::kUnsupported, "there is no Image header at the entry point {:#x}: only Linux is loaded",
                elf.entry.raw());
  }
  KEXEC_TRY(Rebase(elf.pieces, elf.entry));
  const LoadPiece& last = elf.pieces.back();
  const uint64_t linked_size = last.address.raw() + last.memory_size;
  KEXEC_ASSIGN(ImageKernel image, format.read(start, linked_size));
  if (linked_size > image.image_size) {
    return Fail(Errc::kMalformed, "image_size is {:#x}, but the program headers reach to {:#x}",
                image.image_size, linked_size);
  }
  CloseGaps(elf.pieces, image.image_size);
  image.pieces = std::move(elf.pieces);
  image.version = FindLinuxVersion(image.pieces);
  return KernelImage{.type = {}, .image = std::move(image)};
}

}  // namespace

bool RecognisesArm64Elf(Bytes file) { return IsElfKernel(file, ElfMachine::kArm64); }
bool RecognisesRiscvElf(Bytes file) { return IsElfKernel(file, ElfMachine::kRiscv64); }

Result<KernelImage> ParseArm64Elf(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  return Parse(kArm64Header, file, diagnostics);
}

Result<KernelImage> ParseRiscvElf(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  return Parse(kRiscvHeader, file, diagnostics);
}

}  // namespace kexec
