// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "cmd/docs/render.h"
#include "cmd/kexec/option_table.h"

namespace kexec {
namespace {

constexpr std::string_view kBeginMark =
    ".\\\" The options are generated: change the option table, not this.\n";
constexpr std::string_view kEndMark = ".\\\" End of the generated options.\n";
constexpr size_t kLineWidth = 78;

// '-' as a minus that can be copied from the page into a shell.
std::string Minus(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '-' ? std::string("\\-") : std::string(1, c);
  return out;
}

// Sentences as mdoc text: each begins a line, and a word that is an option, a path or a `literal` is a macro
// line.
class Paragraph {
 public:
  void Add(std::string_view word) {
    size_t end = word.size();
    while (end > 1 && std::string_view(",.;:").contains(word[end - 1])) --end;
    const std::string_view core = word.substr(0, end);
    const std::string_view punctuation = word.substr(end);
    if (core.starts_with("--")) {
      Macro(fmt::format(".Fl {}", Minus(core.substr(1))), punctuation);
    } else if (core.starts_with("/")) {
      Macro(fmt::format(".Pa {}", core), punctuation);
    } else if (core.size() > 2 && core.front() == '`' && core.back() == '`') {
      Macro(fmt::format(".Ql {}", core.substr(1, core.size() - 2)), punctuation);
    } else {
      Plain(word);
    }
    if (punctuation.starts_with(".")) EndLine();
  }

  std::string Take() {
    EndLine();
    return std::move(text_);
  }

 private:
  void Plain(std::string_view word) {
    if (!line_.empty() && line_.size() + 1 + word.size() > kLineWidth) EndLine();
    if (!line_.empty()) line_ += ' ';
    line_ += word;
  }

  void Macro(std::string_view macro, std::string_view punctuation) {
    EndLine();
    line_ = macro;
    for (const char c : punctuation) line_ += fmt::format(" {}", c);
    EndLine();
  }

  void EndLine() {
    if (!line_.empty()) text_ += line_ + "\n";
    line_.clear();
  }

  std::string text_;
  std::string line_;
};

std::string MarkUp(std::string_view text) {
  Paragraph paragraph;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    paragraph.Add(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return paragraph.Take();
}

std::string LongName(std::string_view name, const OptionRow& row) {
  std::string out = fmt::format("Fl {}", Minus(fmt::format("-{}", name)));
  if (row.argument.empty()) return out;
  std::string argument(row.argument);
  std::erase(argument, '"');
  return fmt::format("{} Ns = Ns Ar {}", out,
                     argument.contains(' ') ? fmt::format("\"{}\"", argument) : argument);
}

std::string Item(const OptionRow& row) {
  std::string out = ".It ";
  if (row.letter != 0) out += fmt::format("Fl {} , ", row.letter);
  out += LongName(row.name, row);
  if (!row.alias.empty()) out += fmt::format(" , {}", LongName(row.alias, row));
  out += "\n" + MarkUp(row.man);
  if (row.later) out += "This is understood, but not supported yet.\n";
  return out;
}

}  // namespace

std::string RenderManOptions() {
  std::string out;
  for (const Group group : {Group::kMode, Group::kWhat, Group::kCall, Group::kPlacement, Group::kPurgatory,
                            Group::kOutput, Group::kRare, Group::kCompatibility}) {
    out += fmt::format(".Ss {}\n.Bl -tag -width Ds\n", GroupTitle(group));
    for (const OptionRow& row : OptionTable()) {
      if (row.group == group) out += Item(row);
    }
    out += ".El\n";
  }
  return out;
}

Result<std::string> RenderManPage(std::string_view page) {
  const size_t begin = page.find(kBeginMark);
  const size_t end = page.find(kEndMark);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return Fail(Errc::kMalformed, "the manual page has no marks around its generated part");
  }
  return fmt::format("{}{}{}{}", page.substr(0, begin), kBeginMark, RenderManOptions(), page.substr(end));
}

}  // namespace kexec
