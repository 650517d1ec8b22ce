// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_condition.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "lib/text.h"

namespace kexec {
namespace {

using Words = std::span<const std::string>;

std::optional<bool> CompareNumbers(std::string_view a, std::string_view comparison, std::string_view b) {
  const auto x = WholeNumber<int64_t>(a, 10);
  const auto y = WholeNumber<int64_t>(b, 10);
  if (!x || !y) return std::nullopt;
  if (comparison == "-eq") return *x == *y;
  if (comparison == "-ne") return *x != *y;
  if (comparison == "-lt") return *x < *y;
  if (comparison == "-le") return *x <= *y;
  if (comparison == "-gt") return *x > *y;
  if (comparison == "-ge") return *x >= *y;
  return std::nullopt;
}

bool Binary(std::string_view a, std::string_view comparison, std::string_view b) {
  if (comparison == "=" || comparison == "==") return a == b;
  if (comparison == "!=") return a != b;
  if (comparison == "<") return a < b;
  if (comparison == ">") return a > b;
  return CompareNumbers(a, comparison, b).value_or(false);
}

bool Unary(std::string_view test, std::string_view value, std::string_view existing_suffix) {
  if (test == "-n") return !value.empty();
  if (test == "-z") return value.empty();
  if (test == "-e" || test == "-f" || test == "-s") {
    return !existing_suffix.empty() && value.ends_with(existing_suffix);
  }
  return false;
}

// Without -a and -o.
bool Simple(Words words, std::string_view existing_suffix) {
  bool negated = false;
  while (words.size() > 1 && words[0] == "!") {
    negated = !negated;
    words = words.subspan(1);
  }
  bool holds = false;
  if (words.size() == 1) holds = !words[0].empty();
  if (words.size() == 2) holds = Unary(words[0], words[1], existing_suffix);
  if (words.size() == 3) holds = Binary(words[0], words[1], words[2]);
  return holds != negated;
}

}  // namespace

bool GrubTest(Words words, std::string_view existing_suffix) {
  bool any = false;  // of what stands between -o
  bool all = true;   // of what stands between -a
  while (true) {
    const auto end = std::ranges::find_if(words, [](const std::string& w) { return w == "-a" || w == "-o"; });
    const auto size = static_cast<size_t>(end - words.begin());
    all = Simple(words.first(size), existing_suffix) && all;
    if (end == words.end()) return any || all;
    if (*end == "-o") {
      any = any || all;
      all = true;
    }
    words = words.subspan(size + 1);
  }
}

}  // namespace kexec
