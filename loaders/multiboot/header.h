// SPDX-License-Identifier: LGPL-2.1-or-later
// The two Multiboot headers as they stand in a file, and where (Multiboot Specification
// 0.6.96, 3.1; 2.0, 3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kexec/bytes.h"

namespace kexec {

inline constexpr uint32_t kMultiboot1Magic = 0x1badb002;
inline constexpr uint32_t kMultiboot2Magic = 0xe85250d6;

// 0.6.96, 3.1.1 to 3.1.4. The addresses are only there if flags has kHasAddresses.
struct Multiboot1Header {
  Le<uint32_t> magic, flags, checksum;
  Le<uint32_t> header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};
static_assert(sizeof(Multiboot1Header) == 32);
inline constexpr size_t kMultiboot1HeaderMin = 12;

inline constexpr uint32_t kMultiboot1AlignModules = 1 << 0;
inline constexpr uint32_t kMultiboot1MemoryInfo = 1 << 1;
inline constexpr uint32_t kMultiboot1VideoMode = 1 << 2;
inline constexpr uint32_t kMultiboot1Required = 0xffff;  // a loader that does not know one of these must fail
inline constexpr uint32_t kMultiboot1HasAddresses = 1 << 16;

// 2.0, 3.1.2. Tags follow, up to `length` bytes from the start of the header.
struct Multiboot2Header {
  Le<uint32_t> magic, architecture, length, checksum;
};
static_assert(sizeof(Multiboot2Header) == 16);
inline constexpr uint32_t kMultiboot2I386 = 0;

// Offset of the first header with a right checksum, or nullopt. Multiboot 1: on a multiple of 4, wholly in
// the first 8192 bytes; Multiboot 2: on a multiple of 8, wholly in the first 32768 (its length is not looked
// at here).
std::optional<uint64_t> FindMultiboot1Header(Bytes file);
std::optional<uint64_t> FindMultiboot2Header(Bytes file);
inline constexpr uint64_t kMultiboot2HeaderSpace = 32768;

}  // namespace kexec
