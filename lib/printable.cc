// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/printable.h"

#include <fmt/format.h>

#include <iterator>

namespace kexec {
namespace {

// What a UTF-8 sequence beginning with a byte must look like (Unicode 15, table 3-7).
struct Utf8Row {
  unsigned char first, last;                // of the first byte
  unsigned char second_first, second_last;  // of the second
  unsigned length;
};
constexpr Utf8Row kUtf8[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

struct Span {
  char32_t first, last;
};
constexpr Span kControls[] = {
    {0x00, 0x1f},      // C0
    {0x7f, 0x9f},      // DELETE and C1: U+009B does what ESC [ does
    {0x61c, 0x61c},    // Arabic letter mark
    {0x200e, 0x200f},  // left-to-right and right-to-left mark
    {0x2028, 0x202e},  // line and paragraph separator, embeddings and overrides of direction
    {0x2066, 0x2069},  // isolates (Unicode Standard Annex 9, table 4)
};

// Of the sequence that `row` begins.
Utf8Piece Decode(const Utf8Row& row, std::string_view text) {
  char32_t character = static_cast<unsigned char>(text[0]) & (0x7fU >> row.length);
  for (size_t i = 1; i < row.length; ++i) {
    const unsigned char low = i == 1 ? row.second_first : 0x80;
    const unsigned char high = i == 1 ? row.second_last : 0xbf;
    if (i >= text.size()) return {i, false, 0};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < low || byte > high) return {i, false, 0};
    character = character << 6 | (byte & 0x3fU);
  }
  return {row.length, true, character};
}

}  // namespace

Utf8Piece FirstPiece(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x80) return {1, true, byte};
  for (const Utf8Row& row : kUtf8) {
    if (byte >= row.first && byte <= row.last) return Decode(row, text);
  }
  return {1, false, 0};
}

bool IsControl(char32_t character) {
  for (const Span& span : kControls) {
    if (character >= span.first && character <= span.last) return true;
  }
  return false;
}

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Piece piece = FirstPiece(text);
    const std::string_view bytes = text.substr(0, piece.bytes);
    if (piece.valid && !IsControl(piece.character)) {
      out += bytes;
    } else {
      for (const char c : bytes) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
      }
    }
    text.remove_prefix(piece.bytes);
  }
  return out;
}

}  // namespace kexec
