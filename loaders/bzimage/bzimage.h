// SPDX-License-Identifier: LGPL-2.1-or-later
// The two rows of the registry for Linux/x86 bzImages: the same file, entered in 64-bit or in 32-bit mode.
#pragma once

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "loaders/kernel_image.h"

namespace kexec {

// "HdrS", the boot sector's 0xaa55 and a protocol of 2.00 or newer.
bool RecognisesBzImage(Bytes file);
// The same, and the image says it has the 64-bit entry point (protocol 2.12, XLF_KERNEL_64).
bool RecognisesBzImage64(Bytes file);

// Accepts what Recognises… accepts. Guarantees: every size and offset in the result lies inside `file`,
// init_size covers the kernel, alignment is a power of two. Fails with kMalformed when a length field
// contradicts the file or the image's CRC-32 does not hold, with kUnsupported for protocols from 3.00 on.
Result<KernelImage> ParseBzImage64(const SharedBytes& file, const ParseOptions& options,
                                   Diagnostics& diagnostics);
// As above; has_64bit_entry and can_load_above_4g are false in the result, whatever the header says: both
// need the 64-bit entry.
Result<KernelImage> ParseBzImage(const SharedBytes& file, const ParseOptions& options,
                                 Diagnostics& diagnostics);

}  // namespace kexec
