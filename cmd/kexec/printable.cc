// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/printable.h"

#include <fmt/format.h>

namespace kexec {

std::string Printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace kexec
