// SPDX-License-Identifier: LGPL-2.1-or-later
// PE add-ons: more command line, initrds and microcode for a unified kernel image, in a file of their own
// (UAPI.5, "PE Addons").
#pragma once

#include <cstdint>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/pe/pe_resources.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct PeAddon {
  uint16_t machine = 0;  // one for another machine is not meant for us
  PeResources parts;     // without a kernel
};

// Slices share ownership of `file`. kNotRecognised, with what the file is, for one that is no add-on: no PE
// image, with a kernel in it, or with nothing that an add-on may bring; kMalformed for a damaged one.
Result<PeAddon> ReadPeAddon(const SharedBytes& file);

}  // namespace kexec
KEXEC_PUBLIC_END
