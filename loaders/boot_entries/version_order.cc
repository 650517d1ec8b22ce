// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/version_order.h"

#include <algorithm>

namespace kexec {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool Counts(char c) { return IsDigit(c) || IsLetter(c) || std::string_view("-.~^").contains(c); }

// The longest beginning of `text` for which `belongs` holds, taken off it.
template <class Predicate>
std::string_view TakeWhile(std::string_view& text, Predicate belongs) {
  const auto end = std::ranges::find_if_not(text, belongs);
  const std::string_view taken(text.begin(), end);
  text.remove_prefix(taken.size());
  return taken;
}

// As numbers of any length.
std::weak_ordering CompareNumbers(std::string_view a, std::string_view b) {
  TakeWhile(a, [](char c) { return c == '0'; });
  TakeWhile(b, [](char c) { return c == '0'; });
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

// Both begin with `mark`: it is taken off. One does: the answer, `lower` if that one sorts below the other.
std::weak_ordering CompareMark(char mark, bool lower, std::string_view& a, std::string_view& b) {
  const bool in_a = a.starts_with(mark);
  const bool in_b = b.starts_with(mark);
  if (in_a != in_b) return in_a == lower ? std::weak_ordering::less : std::weak_ordering::greater;
  if (in_a) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return std::weak_ordering::equivalent;
}

}  // namespace

std::weak_ordering CompareVersions(std::string_view a, std::string_view b) {
  while (true) {
    TakeWhile(a, [](char c) { return !Counts(c); });
    TakeWhile(b, [](char c) { return !Counts(c); });
    // '~' is below even the end: 6.1~rc1 is older than 6.1.
    if (const auto order = CompareMark('~', true, a, b); order != 0) return order;
    if (a.empty() || b.empty()) return !a.empty() <=> !b.empty();
    for (const auto& [mark, lower] : {std::pair{'-', true}, {'^', false}, {'.', true}}) {
      if (const auto order = CompareMark(mark, lower, a, b); order != 0) return order;
    }
    if ((!a.empty() && IsDigit(a.front())) || (!b.empty() && IsDigit(b.front()))) {
      const auto order = CompareNumbers(TakeWhile(a, IsDigit), TakeWhile(b, IsDigit));
      if (order != 0) return order;
      continue;
    }
    const auto order = TakeWhile(a, IsLetter) <=> TakeWhile(b, IsLetter);
    if (order != 0) return order;
  }
}

}  // namespace kexec
