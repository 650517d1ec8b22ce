// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers of LZ4's legacy format (doc/lz4_Frame_format.md of the LZ4 project, "Legacy frame").
#pragma once

#include <cstdint>

namespace kexec {

inline constexpr uint32_t kLz4LegacyMagic = 0x184c2102;
// A block holds up to 8 MiB; what LZ4 makes of data that does not compress is n + n/255 + 16
// (LZ4_compressBound).
inline constexpr uint32_t kLz4LegacyBlock = 8 << 20;
inline constexpr uint32_t kLz4LegacyStoredMax = kLz4LegacyBlock + kLz4LegacyBlock / 255 + 16;

}  // namespace kexec
