// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "cmd/kexec/option_table.h"

namespace kexec {
namespace {

constexpr size_t kWidth = 79;
constexpr size_t kTextColumn = 30;

// `text` broken at blanks to end before kWidth; every line but the first begins in kTextColumn, and so does
// the first one's text.
std::string Wrapped(std::string_view text) {
  std::string out;
  size_t column = kTextColumn;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (column > kTextColumn && column + 1 + word.size() > kWidth) {
      out += fmt::format("\n{:{}}", "", kTextColumn);
      column = kTextColumn;
    } else if (column > kTextColumn) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string Names(const OptionRow& row) {
  std::string names = row.letter != 0 ? fmt::format("  -{}, ", row.letter) : std::string(6, ' ');
  names += fmt::format("--{}", row.name);
  if (!row.argument.empty()) names += fmt::format("={}", row.argument);
  if (!row.alias.empty()) names += fmt::format(", --{}={}", row.alias, row.argument);
  return names;
}

std::string Entry(const OptionRow& row) {
  std::string line = Names(row);
  if (line.size() + 2 > kTextColumn) {
    line += fmt::format("\n{:{}}", "", kTextColumn);
  } else {
    line.resize(kTextColumn, ' ');
  }
  line += Wrapped(fmt::format("{}{}", row.help, row.later ? " *" : ""));
  return line + "\n";
}

// The options of other architectures in one paragraph: nobody needs their text, but everybody may look for
// the name.
std::string CompatibilityNames() {
  std::string text;
  size_t column = kWidth;
  for (const OptionRow& row : OptionTable()) {
    if (row.group != Group::kCompatibility) continue;
    const std::string name = fmt::format("--{}{}{}", row.name, row.argument.empty() ? "" : "=", row.argument);
    const bool fits = column + 1 + name.size() <= kWidth;
    text += fits ? " " : text.empty() ? "  " : "\n  ";
    column = (fits ? column + 1 : 2) + name.size();
    text += name;
  }
  return text + "\n";
}

std::string GroupText(Group group) {
  std::string text = fmt::format("\n{}:\n", GroupTitle(group));
  if (group == Group::kCompatibility) return text + CompatibilityNames();
  for (const OptionRow& row : OptionTable()) {
    if (row.group == group) text += Entry(row);
  }
  return text;
}

constexpr std::string_view kExamples =
    R"(
Examples:
  kexec -l /boot/vmlinuz --initrd=/boot/initrd.img --reuse-cmdline
                              load a kernel with today's command line ...
  systemctl kexec             ... and reboot into it, services stopped first
  kexec --dry-run -l /boot/vmlinuz --initrd=/boot/initrd.img
                              see where every byte would go, change nothing
  kexec -u                    forget the loaded kernel
)";

}  // namespace

std::string UsageText() {
  return "Usage: kexec [OPTION]... KERNEL   load KERNEL, then shut down and run it\n"
         "       kexec -l [OPTION]... KERNEL   load only; -f: load and run at once\n"
         "       kexec -e | -u | -S            run, unload or ask for a loaded kernel\n";
}

std::string HelpText() {
  std::string text = UsageText();
  for (const Group group : {Group::kMode, Group::kWhat, Group::kCall, Group::kPlacement, Group::kPurgatory,
                            Group::kOutput, Group::kRare, Group::kCompatibility}) {
    text += GroupText(group);
  }
  text += kExamples;
  text +=
      "\n* understood, but not supported yet\n"
      "Options may stand in any order, also behind KERNEL, and be abbreviated. Exit\n"
      "status: 0 success, 1 wrong usage, 255 failure; --status: 1 loaded, 0 not.\n"
      "See kexec(8).\n";
  return text;
}

std::string_view VersionText() { return "kexec-tools 2.0.32 (kexec-ng " KEXEC_VERSION ")\n"; }

}  // namespace kexec
