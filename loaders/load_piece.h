// SPDX-License-Identifier: LGPL-2.1-or-later
// A part of a kernel that is loaded to an address of its own.
#pragma once

#include <cstdint>

#include "kexec/bytes.h"
#include "kexec/phys.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct LoadPiece {
  PhysAddr address;              // where it was linked to lie (p_paddr)
  uint64_t virtual_address = 0;  // p_vaddr
  SharedBytes contents;          // may be empty
  uint64_t memory_size = 0;      // >= contents.size(), not 0; the rest is zero
};

}  // namespace kexec
KEXEC_PUBLIC_END
