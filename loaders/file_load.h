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

// Why kexec_file_load of x86_64 would not take `image` with a command line of `command_line_bytes`; empty if
// it would. (bzImage64_probe and bzImage64_load in arch/x86/kernel/kexec-bzimage64.c: protocol 2.12, 64-bit
// entry, loadable above 4 GiB, and 31 bytes of cmdline_size are kept.)
std::string FileLoadObstacle(const KernelImage& image, uint64_t command_line_bytes);

}  // namespace kexec
KEXEC_PUBLIC_END
