// SPDX-License-Identifier: LGPL-2.1-or-later
// Text from outside (file names, titles, command lines, versions) in a line of ours. It may hold any bytes,
// and must neither break the line nor speak to the terminal that shows it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// A piece of a text: one character of UTF-8, or bytes that are none.
struct Utf8Piece {
  size_t bytes;  // that it takes, at least 1
  bool valid;    // false: those bytes are no UTF-8, and `character` says nothing
  char32_t character;
};
// The first piece of a text that is not empty.
Utf8Piece FirstPiece(std::string_view text);

// Whether a terminal or a reader is told something by the character instead of shown it: the control
// characters (C0, DELETE, C1), the separators of lines and paragraphs, and what changes the direction of
// writing.
bool IsControl(char32_t character);

// `text` with the bytes of control characters, and bytes that are no UTF-8, as \xNN.
std::string Printable(std::string_view text);

}  // namespace kexec
KEXEC_PUBLIC_END
