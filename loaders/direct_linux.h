// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel inside a bzImage, unpacked before the jump instead of after it.
#pragma once

#include <cstdint>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/decompress.h"
#include "loaders/kernel_image.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Unpacks the payload (boot.rst, payload_offset and payload_length: protocol 2.08 and later) and reads the
// ELF kernel and the relocations behind it. Every relocation lies in a piece. kUnsupported, with the reason,
// for kernels that cannot be entered directly: no 64-bit entry, no payload, a payload that is no ELF file.
// kMalformed for damaged ones.
Result<DirectLinux> UnpackBzImage(const BzImage& image, const DecompressLimits& limits = {});

// The pieces' bytes for a kernel that runs `distance` bytes above the virtual addresses it was linked for.
// Copies what changes. `distance` is below 1 GiB (KERNEL_IMAGE_SIZE), relocations are of these pieces.
std::vector<LoadPiece> Relocate(const ElfKernel& kernel, const KernelRelocations& relocations,
                                uint64_t distance);

// An initrd with each compressed archive in it unpacked, for --decompress-initrd; one that has none is
// returned as it is. Errors as Decompress.
Result<SharedBytes> UnpackInitrd(const SharedBytes& initrd, const DecompressLimits& limits = {});

}  // namespace kexec
KEXEC_PUBLIC_END
