// SPDX-License-Identifier: LGPL-2.1-or-later
// Images: the file is what is loaded.
#include <algorithm>

#include "loaders/image/image_header.h"
#include "loaders/image/linux_banner.h"
#include "loaders/kernel_image.h"
#include "loaders/pe/pe_sections.h"

namespace kexec {
namespace {

// An Image has no length of its own, but one with an EFI stub is a PE file, whose sections cover it to its end.
Result<> CheckWhole(const SharedBytes& file) {
  constexpr uint16_t kMz = 0x5a4d;  // "MZ"
  const auto start = ReadAt<Le<uint16_t>>(file.view(), 0);
  if (!start || *start != kMz) return {};
  KEXEC_TRY(ReadPeImage(file), "the EFI stub's header");
  return {};
}

Result<KernelImage> Parse(const ImageHeaderFormat& format, const SharedBytes& file,
                          Diagnostics& diagnostics) {
  KEXEC_ASSIGN(ImageKernel image, format.read(file.view(), file.size()));
  KEXEC_TRY(CheckWhole(file));
  const uint64_t used = std::min<uint64_t>(file.size(), image.image_size);
  if (used < file.size()) {
    diagnostics.Note("image_size is {:#x}: {} bytes behind the image are not loaded", image.image_size,
                     file.size() - used);
  }
  image.pieces.push_back({PhysAddr(0), 0, file.Slice(0, used).value(), image.image_size});
  image.version = FindLinuxVersion(image.pieces);
  return KernelImage{.type = {}, .image = std::move(image)};
}

}  // namespace

bool RecognisesArm64Image(Bytes file) { return kArm64Header.recognises(file); }
bool RecognisesRiscvImage(Bytes file) { return kRiscvHeader.recognises(file); }

Result<KernelImage> ParseArm64Image(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  return Parse(kArm64Header, file, diagnostics);
}

Result<KernelImage> ParseRiscvImage(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  return Parse(kRiscvHeader, file, diagnostics);
}

}  // namespace kexec
