// SPDX-License-Identifier: LGPL-2.1-or-later
// The lzop container (as the kernel's lib/decompress_unlzo.c takes it): a header with optional parts, then
// blocks with their sizes; a block of size zero ends the file. All numbers are big-endian.
#pragma once

#include <cstdint>
#include <optional>

#include "loaders/initrd/measure.h"

namespace kexec {

struct LzopHeader {
  uint8_t method = 0;
  uint32_t flags = 0;
  uint32_t filter = 0;
  uint64_t checked_from = 0;  // where in the archive the bytes begin that the header's checksum covers,
  uint64_t checked_to = 0;    // and where they end: there the checksum is
};

inline constexpr uint32_t kLzopAdlerOfData = 0x0001;  // flags
inline constexpr uint32_t kLzopAdlerOfStored = 0x0002;
inline constexpr uint32_t kLzopExtraField = 0x0040;
inline constexpr uint32_t kLzopCrcOfData = 0x0100;
inline constexpr uint32_t kLzopCrcOfStored = 0x0200;
inline constexpr uint32_t kLzopFilter = 0x0800;
inline constexpr uint32_t kLzopCrcOfHeader = 0x1000;  // else its checksum is an Adler-32

// Passes over the header, magic and checksum included; nullopt if it is cut off. Checks nothing.
std::optional<LzopHeader> TakeLzopHeader(Cursor& cursor);

}  // namespace kexec
