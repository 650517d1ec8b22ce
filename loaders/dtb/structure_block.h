// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold before libfdt is asked to check a blob: 1.6.1 (Debian 12) adds a property's length without
// looking at it, so one near 2^32 steps back, and it goes round in circles or reads what is not there.
#pragma once

#include "kexec/bytes.h"
#include "kexec/error.h"

namespace kexec {

// `blob`: a device tree, by its header, of version 17 or later, of as many bytes as the header says. Every
// token of the structure block lies inside it, with the name or value that follows it, up to FDT_END
// (Devicetree Specification, 5.4). kMalformed with the offset of the first that does not.
Result<> CheckStructureBlock(Bytes blob);

}  // namespace kexec
