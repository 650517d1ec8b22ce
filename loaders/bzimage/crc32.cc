// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/bzimage/crc32.h"

#include <zlib.h>

#include <algorithm>

namespace kexec {

uint32_t Crc32Portable(uint32_t remainder, Bytes bytes) {
  // zlib inverts the remainder on the way in and on the way out.
  constexpr size_t kStep = size_t{1} << 30;  // zlib counts in 32 bits
  uLong inverted = ~remainder & 0xffffffff;
  while (!bytes.empty()) {
    const Bytes part = bytes.first(std::min(bytes.size(), kStep));
    inverted = crc32(inverted, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
    bytes = bytes.subspan(part.size());
  }
  return ~static_cast<uint32_t>(inverted);
}

uint32_t Crc32(uint32_t remainder, Bytes bytes) { return Crc32Portable(remainder, bytes); }

}  // namespace kexec
