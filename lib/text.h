// SPDX-License-Identifier: LGPL-2.1-or-later
// Pieces of text out of /proc and /sys.
#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace kexec {

// Without blanks and line ends at both ends.
inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the first line, without its end, off a text that is not empty.
inline std::string_view TakeLine(std::string_view& text) {
  const size_t length = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return line;
}

// All of `text` as an unsigned number to this base: no blanks, no sign, no prefix, no overflow.
template <class T>
std::optional<T> WholeNumber(std::string_view text, int base) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace kexec
