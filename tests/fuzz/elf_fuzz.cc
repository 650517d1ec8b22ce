// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as an ELF kernel: pieces in order and apart, inside the file, the entry points in them, and one
// sentence for what is refused.
#include <algorithm>

#include "loaders/kernel_image.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace kexec;
using kexec::testing::Require;

bool LiesIn(const std::vector<LoadPiece>& pieces, PhysAddr address) {
  return std::ranges::any_of(pieces, [&](const LoadPiece& piece) {
    return address >= piece.address && address.raw() - piece.address.raw() < piece.memory_size;
  });
}

void RequireSound(const ElfKernel& kernel, Bytes file) {
  Require(!kernel.pieces.empty());
  for (size_t i = 0; i < kernel.pieces.size(); ++i) {
    const LoadPiece& piece = kernel.pieces[i];
    const Bytes contents = piece.contents.view();
    Require(piece.memory_size >= contents.size() && piece.memory_size != 0);
    Require(piece.address.CheckedAdd(piece.memory_size).has_value());
    Require(contents.empty() || (contents.data() >= file.data() &&
                                 contents.data() + contents.size() <= file.data() + file.size()));
    Require(contents.empty() || contents.back() != std::byte{0});
    if (i + 1 == kernel.pieces.size()) continue;
    Require(*piece.address.CheckedAdd(piece.memory_size) <= kernel.pieces[i + 1].address);
  }
  Require(LiesIn(kernel.pieces, kernel.entry));
  Require(!kernel.pvh_entry || LiesIn(kernel.pieces, *kernel.pvh_entry));
  Require(kernel.version.empty() || kernel.is_linux);
  Require(kernel.alignment >= Alignment::Of<4096>());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const SharedBytes file = SharedBytes::Own({bytes, bytes + size});
  SilentDiagnostics diagnostics;
  const auto kernel = ReadElfKernel(file, diagnostics);
  if (kernel.has_value()) {
    RequireSound(*kernel, file.view());
  } else {
    Require(!kernel.error().message().empty());
  }
  for (const std::string_view type : {"elf-x86_64", "elf-x86"}) {
    const auto image = ParseKernel(file, type, diagnostics);
    Require(!image.has_value() || (kernel.has_value() && image->type == type));
    if (image.has_value())
      Require(RunBytes(*image) >= std::get<ElfKernel>(image->image).pieces[0].memory_size);
  }
  return 0;
}
