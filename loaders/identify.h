// SPDX-License-Identifier: LGPL-2.1-or-later
// What a file looks like by its first bytes, in words for a message. For people only: no decision rests on
// it.
#pragma once

#include <string>

#include "kexec/bytes.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct Contents {
  std::string looks_like;  // a noun phrase: "gzip-compressed data", "an ELF executable (x86-64)", "text"
  bool may_hold_kernel = false;  // a kernel, or a container kernels come in
};

// Never fails; looks at the first few KiB only.
Contents IdentifyContents(Bytes file);

}  // namespace kexec
KEXEC_PUBLIC_END
