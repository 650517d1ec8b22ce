// SPDX-License-Identifier: LGPL-2.1-or-later
// What kexec_file_load takes: known before asking, since every attempt counts against
// kernel.kexec_load_limit_*.
#pragma once

#include <cstdint>
#include <string>

#include "kexec/export.h"
#include "loaders/kernel_image.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Why kexec_file_load of the image's machine would not take `image` with a command line of
// `command_line_bytes`; empty if it would, or if some kernels do.
//   x86_64:  protocol 2.12, 64-bit entry, loadable above 4 GiB, and 31 bytes of cmdline_size are kept
//            (bzImage64_probe and bzImage64_load in arch/x86/kernel/kexec-bzimage64.c)
//   arm64:   an Image that tells its size (image_load in arch/arm64/kernel/kexec_image.c)
//   riscv64: a vmlinux (arch/riscv/kernel/kexec_elf.c); newer kernels take an Image, too
std::string FileLoadObstacle(const KernelImage& image, uint64_t command_line_bytes);

// Whether some kernel of the image's machine has a loader for its format behind kexec_file_load: x86 has one
// for bzImages only (kexec_file_loaders in arch/x86/kernel/machine_kexec_64.c).
bool FileLoadKnowsFormat(const KernelImage& image);

}  // namespace kexec
KEXEC_PUBLIC_END
