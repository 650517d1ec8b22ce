// SPDX-License-Identifier: GPL-2.0-or-later
// What may go to a terminal, said independently of lib/printable.cc: by UTF-8's own arithmetic, not by its
// table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kexec::testing {

// The bytes of a character below U+10000 that is no surrogate.
inline std::string AsUtf8(uint32_t character) {
  const auto byte = [](uint32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (character < 0x80) return {byte(character)};
  if (character < 0x800) return {byte(0xc0 | character >> 6), byte(0x80 | (character & 0x3f))};
  return {byte(0xe0 | character >> 12), byte(0x80 | (character >> 6 & 0x3f)),
          byte(0x80 | (character & 0x3f))};
}

// Why `text` must not go to a terminal; "": it may. Lines and tabs are fine.
inline std::string SpeaksToATerminal(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t length = first < 0x80   ? 1
                          : first < 0xc2 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf5 ? 4
                                         : 0;
    if (length == 0 || text.size() - i < length) return "no UTF-8 at " + std::to_string(i);
    uint32_t character = length == 1 ? first : first & (0xffu >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return "no UTF-8 at " + std::to_string(i);
      character = character << 6 | (next & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character < 0xe000;
    if (character < kLeast[length] || character > 0x10ffff || surrogate)
      return "no character at " + std::to_string(i);
    const bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
    if (control && character != '\n' && character != '\t')
      return "a control character at " + std::to_string(i);
    if (character >= 0x202a && character <= 0x202e) return "a change of direction at " + std::to_string(i);
    i += length;
  }
  return "";
}

}  // namespace kexec::testing
