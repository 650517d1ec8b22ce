// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_environment.h"

#include <optional>

namespace kexec {
namespace {

// Takes a line off `block`, escapes resolved: an escaped line end does not end it.
std::string TakeEscapedLine(std::string_view& block) {
  std::string line;
  bool escaped = false;
  while (!block.empty()) {
    const char c = block.front();
    block.remove_prefix(1);
    if (!escaped && c == '\n') break;
    if (!escaped && c == '\\') {
      escaped = true;
      continue;
    }
    line += c;
    escaped = false;
  }
  return line;
}

}  // namespace

GrubVariables ParseGrubEnvironment(std::string_view block) {
  GrubVariables variables;
  while (!block.empty()) {
    const std::string line = TakeEscapedLine(block);
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string::npos || equals == 0) continue;
    variables[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return variables;
}

}  // namespace kexec
