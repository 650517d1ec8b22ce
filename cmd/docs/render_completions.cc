// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <vector>

#include "cmd/docs/render.h"
#include "cmd/kexec/option_table.h"

namespace kexec {
namespace {

constexpr std::string_view kNotice = "Generated from the option table by scripts/generate-docs.";

std::vector<const OptionRow*> OfferedRows() {
  std::vector<const OptionRow*> rows;
  for (const OptionRow& row : OptionTable()) {
    if (row.group != Group::kCompatibility) rows.push_back(&row);
  }
  return rows;
}

// Both long names with `prefix` before and `suffix` behind each.
std::vector<std::string> LongNames(const OptionRow& row, std::string_view suffix) {
  std::vector<std::string> names = {fmt::format("--{}{}", row.name, suffix)};
  if (!row.alias.empty()) names.push_back(fmt::format("--{}{}", row.alias, suffix));
  return names;
}

// What completes an argument: the shells agree on these kinds.
enum class Completion { kNothing, kFiles, kDirectories, kWords, kEntries };

Completion CompletionOf(const OptionRow& row) {
  if (row.id == OptionId::kBootEntry) return Completion::kEntries;
  if (row.value == Value::kFile) return Completion::kFiles;
  if (row.value == Value::kDirectory) return Completion::kDirectories;
  return row.choices.empty() ? Completion::kNothing : Completion::kWords;
}

// Prints the IDs of the boot entries: the second column of --list-boot-entries, up to the blanks that end it.
constexpr std::string_view kListEntries =
    "kexec --list-boot-entries 2>/dev/null | sed -n '2,$ { s/^[* ] *[0-9]*  //; s/  .*//; p; }'";

// Text inside single quotes of a POSIX shell.
std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

std::string BashCompletionOf(const OptionRow& row) {
  switch (CompletionOf(row)) {
    case Completion::kFiles:
      return "_kexec_paths -f";
    case Completion::kDirectories:
      return "_kexec_paths -d";
    case Completion::kWords:
      return fmt::format("_kexec_words '{}'", Quoted(row.choices));
    case Completion::kEntries:
      return fmt::format("_kexec_entries '{}'", Quoted(row.choices));
    case Completion::kNothing:
      return ":";
  }
  return ":";
}

std::string ZshAction(const OptionRow& row) {
  if (row.argument.empty()) return {};
  std::string name(row.argument);
  std::erase(name, '"');
  switch (CompletionOf(row)) {
    case Completion::kFiles:
      return fmt::format(":{}:_files", name);
    case Completion::kDirectories:
      return fmt::format(":{}:_files -/", name);
    case Completion::kWords:
      return fmt::format(":{}:({})", name, row.choices);
    case Completion::kEntries:
      return fmt::format(":{}:_kexec_entries {}", name, row.choices);
    case Completion::kNothing:
      return fmt::format(":{}: ", name);
  }
  return {};
}

std::string ZshSpec(const OptionRow& row) {
  const std::string_view suffix = row.argument.empty() ? "" : "=";
  std::vector<std::string> names;
  // A letter takes its argument in the same word or in the next one.
  if (row.letter != 0) names.push_back(fmt::format("-{}{}", row.letter, row.argument.empty() ? "" : "+"));
  for (const std::string& name : LongNames(row, suffix)) names.push_back(name);
  std::vector<std::string> exclusive = LongNames(row, "");
  if (row.letter != 0) exclusive.push_back(fmt::format("-{}", row.letter));
  const std::string before = row.collects ? "*" : fmt::format("({})", fmt::join(exclusive, " "));
  const std::string choice = names.size() > 1 ? fmt::format("{{{}}}", fmt::join(names, ",")) : names.front();
  return fmt::format("'{}'{}'[{}]{}'", before, choice, Quoted(row.help), Quoted(ZshAction(row)));
}

std::string FishLine(const OptionRow& row, std::string_view name, char letter) {
  std::string line = fmt::format("complete -c kexec -l {}", name);
  if (letter != 0) line += fmt::format(" -s {}", letter);
  if (!row.argument.empty()) {
    switch (CompletionOf(row)) {
      case Completion::kFiles:
        line += " -r -F";
        break;
      case Completion::kDirectories:
        // Without the option's name, which that function would take for the beginning of the path.
        line +=
            " -x -a '(__fish_complete_directories (commandline -ct | string replace -r -- \"^--[^=]*=\" "
            "\"\"))'";
        break;
      case Completion::kWords:
        line += fmt::format(" -x -a '{}'", Quoted(row.choices));
        break;
      case Completion::kEntries:
        line += fmt::format(" -x -a '{} (__fish_kexec_entries)'", Quoted(row.choices));
        break;
      case Completion::kNothing:
        line += " -x";
        break;
    }
  }
  return fmt::format("{} -d '{}'\n", line, Quoted(row.help));
}

constexpr std::string_view kBashHead = R"sh(# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of kexec(8) for bash. {notice}

_kexec_words() {{
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
  if ((${{#COMPREPLY[@]}} == 1)) && [[ ${{COMPREPLY[0]}} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}}

_kexec_paths() {{
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}}

# Not by compgen -W, which would expand what stands in a name.
_kexec_entries() {{
  local entry
  while IFS= read -r entry; do
    if [[ $entry == "$cur"* ]]; then COMPREPLY+=("$(printf %q "$entry")"); fi
  done < <(
    printf '%s\n' "$@"
    {entries}
  )
}}

_kexec() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" option="${{COMP_WORDS[COMP_CWORD-1]}}"
  COMPREPLY=()
  # bash makes a word of its own of the '=' in --name=value.
  if [[ $cur == "=" ]]; then
    cur=""
  elif [[ $option == "=" ]] && ((COMP_CWORD > 1)); then
    option="${{COMP_WORDS[COMP_CWORD-2]}}"
  fi
  case "$option" in
)sh";

constexpr std::string_view kBashTail = R"(  esac
  if [[ $cur == -* ]]; then
    _kexec_words '{names}'
  else
    _kexec_paths -f
  fi
}}

complete -F _kexec kexec
)";

}  // namespace

std::string RenderBashCompletion() {
  std::map<std::string, std::vector<std::string>> patterns;  // by what completes the argument
  std::vector<std::string> names;
  for (const OptionRow* row : OfferedRows()) {
    const std::string_view suffix = row->argument.empty() ? "" : "=";
    for (const std::string& name : LongNames(*row, suffix)) names.push_back(name);
    if (row->letter != 0) names.push_back(fmt::format("-{}", row->letter));
    if (row->argument.empty()) continue;
    std::vector<std::string>& pattern = patterns[BashCompletionOf(*row)];
    for (const std::string& name : LongNames(*row, "")) pattern.push_back(name);
    if (row->letter != 0) pattern.push_back(fmt::format("-{}", row->letter));
  }
  std::string out = fmt::format(kBashHead, fmt::arg("notice", kNotice), fmt::arg("entries", kListEntries));
  for (const auto& [action, pattern] : patterns) {
    out += fmt::format("    {}) {}; return ;;\n", fmt::join(pattern, " | "), action);
  }
  return out + fmt::format(kBashTail, fmt::arg("names", fmt::join(names, " ")));
}

std::string RenderZshCompletion() {
  std::string out = fmt::format(
      "#compdef kexec\n# SPDX-License-Identifier: GPL-2.0-or-later\n# Completion of kexec(8) for zsh. {}\n\n"
      "_kexec_entries() {{\n  local -a entries\n  entries=($@ ${{(f)\"$({})\"}})\n  compadd -a "
      "entries\n}}\n\n"
      "_arguments -s -S \\\n",
      kNotice, kListEntries);
  for (const OptionRow* row : OfferedRows()) out += fmt::format("  {} \\\n", ZshSpec(*row));
  return out + "  '1:kernel:_files'\n";
}

std::string RenderFishCompletion() {
  std::string out = fmt::format(
      "# SPDX-License-Identifier: GPL-2.0-or-later\n# Completion of kexec(8) for fish. {}\n\n"
      "function __fish_kexec_entries\n    {}\nend\n\n",
      kNotice, kListEntries);
  for (const OptionRow* row : OfferedRows()) {
    out += FishLine(*row, row->name, row->letter);
    if (!row->alias.empty()) out += FishLine(*row, row->alias, 0);
  }
  return out;
}

}  // namespace kexec
