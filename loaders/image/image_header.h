// SPDX-License-Identifier: LGPL-2.1-or-later
// The 64 bytes at the start of an Image: Documentation/arch/arm64/booting.rst ("Call the kernel image") and
// Documentation/arch/riscv/boot-image-header.rst.
#pragma once

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "loaders/image/image_kernel.h"

namespace kexec {

inline constexpr uint64_t kImageHeaderSize = 64;

// One machine's header. `start` is the image's beginning; `loaded` says how many bytes of it the file has,
// for headers that do not tell the size. The result has neither pieces nor version.
struct ImageHeaderFormat {
  bool (*recognises)(Bytes start);
  Result<ImageKernel> (*read)(Bytes start, uint64_t loaded);
};

extern const ImageHeaderFormat kArm64Header;
extern const ImageHeaderFormat kRiscvHeader;

}  // namespace kexec
