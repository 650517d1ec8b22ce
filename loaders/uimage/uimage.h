// SPDX-License-Identifier: LGPL-2.1-or-later
// U-Boot's legacy image format: a header of 64 bytes in front of a kernel, which is usually compressed. The
// kernel behind it is loaded like any other: the addresses in the header are those of another boot.
#pragma once

#include <string_view>

#include "kexec/bytes.h"
#include "kexec/error.h"

namespace kexec {

struct UimagePayload {
  SharedBytes data;              // a slice of the file
  std::string_view machine;      // the kernel is said to be for, as a row of the registry calls it
  std::string_view compression;  // the data are said to have; empty: none
};

// By the first bytes alone.
bool RecognisesUimage(Bytes file);

// Called only for a file that RecognisesUimage knows. Both checksums are checked. Errors, worded to follow
// "uImage: ":
//   kMalformed    damaged or cut short
//   kUnsupported  no Linux kernel, one for a machine that has no loader, or an unknown compression
Result<UimagePayload> ReadUimage(const SharedBytes& file);

}  // namespace kexec
