// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/bls_entry.h"

#include <algorithm>
#include <utility>

#include "lib/text.h"
#include "loaders/boot_entries/version_order.h"

namespace kexec {
namespace {

struct Line {
  std::string_view key;
  std::string_view value;
};

// The next line with a key and a value; nullopt at the end.
std::optional<Line> NextLine(std::string_view& text) {
  while (!text.empty()) {
    const std::string_view line = Trim(TakeLine(text));
    if (line.starts_with('#')) continue;
    const size_t blank = line.find_first_of(" \t");
    if (blank != std::string_view::npos) return Line{line.substr(0, blank), Trim(line.substr(blank))};
  }
  return std::nullopt;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         std::ranges::equal(text.substr(text.size() - suffix.size()), suffix, {}, Lower, Lower);
}

// A decimal number behind the last `mark` of `text`, both taken off.
std::optional<uint64_t> TakeNumberBehind(char mark, std::string_view& text) {
  const size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto number = WholeNumber<uint64_t>(text.substr(at + 1), 10);
  if (number) text = text.substr(0, at);
  return number;
}

// -1, 0 or 1 of two strings; an empty one is lower.
int Compare(std::string_view a, std::string_view b) { return (a > b) - (a < b); }

}  // namespace

BlsEntry ParseBlsEntry(std::string_view text) {
  BlsEntry entry;
  const std::pair<std::string_view, std::string*> fields[] = {{"title", &entry.title},
                                                              {"version", &entry.version},
                                                              {"machine-id", &entry.machine_id},
                                                              {"sort-key", &entry.sort_key},
                                                              {"linux", &entry.kernel},
                                                              {"efi", &entry.efi},
                                                              {"uki", &entry.uki},
                                                              {"uki-url", &entry.uki_url},
                                                              {"devicetree", &entry.devicetree},
                                                              {"architecture", &entry.architecture}};
  while (const auto line = NextLine(text)) {
    if (line->key == "initrd") {
      entry.initrds.emplace_back(line->value);
    } else if (line->key == "options") {
      if (!entry.options.empty()) entry.options += ' ';
      entry.options += line->value;
    } else if (line->key == "profile") {
      entry.profile = line->value;
    } else {
      const auto field = std::ranges::find(fields, line->key, [](const auto& pair) { return pair.first; });
      if (field != std::end(fields)) *field->second = line->value;
    }
  }
  return entry;
}

std::optional<CountedName> ParseEntryName(std::string_view file_name, std::string_view suffix) {
  if (!EndsWith(file_name, suffix) || file_name.size() == suffix.size()) return std::nullopt;
  const std::string_view ending = file_name.substr(file_name.size() - suffix.size());
  std::string_view rest = file_name.substr(0, file_name.size() - suffix.size());
  const auto done = TakeNumberBehind('-', rest);
  const auto left = TakeNumberBehind('+', rest);
  if (!left || rest.empty()) return CountedName{std::string(file_name), std::nullopt};
  return CountedName{std::string(rest) + std::string(ending), left, done.value_or(0)};
}

bool RanksAbove(const EntryRank& a, const EntryRank& b) {
  if (a.bad != b.bad) return b.bad;
  if (a.sort_key.empty() != b.sort_key.empty()) return b.sort_key.empty();
  if (!a.sort_key.empty()) {
    if (const int order = Compare(a.sort_key, b.sort_key); order != 0) return order < 0;
    if (const int order = Compare(a.machine_id, b.machine_id); order != 0) return order < 0;
    if (const auto order = CompareVersions(a.version, b.version); order != 0) return order > 0;
  }
  if (const auto order = CompareVersions(a.id, b.id); order != 0) return order > 0;
  return a.id > b.id;
}

std::string DefaultPattern(std::string_view loader_conf) {
  std::string_view pattern;
  while (const auto line = NextLine(loader_conf)) {
    if (line->key == "default") pattern = line->value;
  }
  return std::string(pattern);
}

}  // namespace kexec
