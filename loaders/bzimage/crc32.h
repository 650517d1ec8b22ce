// SPDX-License-Identifier: LGPL-2.1-or-later
// CRC-32 with the polynomial 0x04c11db7, bits reflected, as the bzImage build uses it: no inversion at either
// end.
#pragma once

#include <cstdint>

#include "kexec/bytes.h"

namespace kexec {

// The remainder after `bytes`, starting from `remainder`. Uses the CPU's carry-less multiplication where it
// has it (found at run time), zlib otherwise.
uint32_t Crc32(uint32_t remainder, Bytes bytes);
// The same by zlib alone: what the fast path is tested against.
uint32_t Crc32Portable(uint32_t remainder, Bytes bytes);

}  // namespace kexec
