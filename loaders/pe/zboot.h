// SPDX-License-Identifier: LGPL-2.1-or-later
// EFI zboot: a compressed kernel behind a small EFI program that unpacks it (CONFIG_EFI_ZBOOT; header:
// drivers/firmware/efi/libstub/zboot-header.S).
#pragma once

#include <string>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct ZbootPayload {
  SharedBytes packed;       // the compressed kernel
  std::string compression;  // as the header names it: "gzip", "zstd22"
};

// "MZ", and "zimg" at offset 4.
bool RecognisesZboot(Bytes file);

// kMalformed where the payload does not lie in the file. `file` is one that RecognisesZboot knows; the slice
// shares ownership of it.
Result<ZbootPayload> ReadZboot(const SharedBytes& file);

}  // namespace kexec
KEXEC_PUBLIC_END
