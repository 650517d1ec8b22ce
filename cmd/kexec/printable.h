// SPDX-License-Identifier: GPL-2.0-or-later
// Text from outside on one line of ours.
#pragma once

#include <string>
#include <string_view>

namespace kexec {

// `text` with control characters as \xNN: file names, command lines and versions may hold anything, and must
// neither break a line nor speak to the terminal.
std::string Printable(std::string_view text);

}  // namespace kexec
