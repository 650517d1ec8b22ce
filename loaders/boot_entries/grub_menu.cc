// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_menu.h"

#include <algorithm>
#include <span>
#include <utility>

#include "lib/text.h"
#include "loaders/boot_entries/grub_condition.h"
#include "loaders/boot_entries/grub_script.h"
#include "loaders/boot_entries/grub_words.h"

namespace kexec {
namespace {

// What a whole grub.cfg, or a value of an entry file, may expand to. Real ones have some 100 KiB; "set
// a=$a$a" has no end.
constexpr size_t kMaxExpansion = size_t{4} << 20;

using Arguments = std::span<const std::string>;

std::string_view ValueOf(const std::string& name, const GrubVariables& variables) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string_view() : found->second;
}

// An argument as GRUB writes it on a kernel's command line: quoted where it has blanks.
std::string OnCommandLine(std::string_view argument) {
  std::string text;
  for (const char c : argument) {
    if (c == '\\' || c == '\'' || c == '"') text += '\\';
    text += c;
  }
  return argument.contains(' ') ? fmt::format("\"{}\"", text) : text;
}

std::string CommandLineOf(Arguments arguments) {
  std::string text;
  for (const std::string& argument : arguments) {
    if (!text.empty()) text += ' ';
    text += OnCommandLine(argument);
  }
  return text;
}

// Carries commands out, at first those of the whole file, then those of each entry on their own.
class Interpreter {
 public:
  Interpreter(const GrubSurroundings& surroundings, GrubVariables variables, size_t& budget)
      : surroundings_(surroundings), variables_(std::move(variables)), budget_(budget) {}

  // Whether the last command succeeded. `menu` is where entries go, `entry` whose commands these are.
  bool Run(const GrubScript& script, std::vector<GrubMenuEntry>* menu, GrubMenuEntry* entry);
  // What the entries met by Run do when they are chosen.
  void RunEntries(std::vector<GrubMenuEntry>& menu);

  GrubVariables& variables() { return variables_; }
  bool exhausted() const { return budget_ == 0; }

 private:
  bool RunCommand(const GrubCommand& command, std::vector<GrubMenuEntry>* menu, GrubMenuEntry* entry);
  bool RunIf(const GrubCommand& command, std::vector<GrubMenuEntry>* menu, GrubMenuEntry* entry);
  void AddMenuEntry(Arguments words, const GrubScript& block, std::vector<GrubMenuEntry>& menu);
  void Assign(std::string_view assignment);
  std::vector<std::string> Expand(const std::vector<GrubWord>& words);
  void Spend(size_t bytes) { budget_ -= std::min(bytes, budget_); }

  const GrubSurroundings& surroundings_;
  GrubVariables variables_;
  size_t& budget_;
  std::vector<const GrubScript*> blocks_;  // of the entries of `menu`, in their order
};

std::vector<std::string> Interpreter::Expand(const std::vector<GrubWord>& words) {
  std::vector<std::string> expanded;
  for (const GrubWord& word : words) {
    std::string text;
    bool there = false;  // an unquoted variable without a value makes no word
    for (const GrubPiece& piece : word) {
      const std::string_view value = piece.variable ? ValueOf(piece.text, variables_) : piece.text;
      Spend(value.size() + 1);
      if (exhausted()) return {};
      if (!piece.variable || piece.quoted) {
        text += value;
        there = true;
        continue;
      }
      for (const char c : value) {
        const bool blank = c == ' ' || c == '\t' || c == '\n';
        if (!blank) text += c;
        if (blank && there) expanded.push_back(std::exchange(text, {}));
        there = !blank;
      }
    }
    if (there) expanded.push_back(std::move(text));
  }
  return expanded;
}

void Interpreter::Assign(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) return;
  variables_[std::string(assignment.substr(0, equals))] = assignment.substr(equals + 1);
}

void Interpreter::AddMenuEntry(Arguments words, const GrubScript& block, std::vector<GrubMenuEntry>& menu) {
  GrubMenuEntry entry;
  if (words[0] == "submenu") entry.kind = GrubMenuEntry::Kind::kSubmenu;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool takes_value =
        word == "--class" || word == "--users" || word == "--hotkey" || word == "--source" || word == "--id";
    if (takes_value && i + 1 < words.size()) {
      if (word == "--id") entry.id = words[i + 1];
      ++i;
    } else if (word.starts_with("--id=")) {
      entry.id = word.substr(5);
    } else if (!word.starts_with("--") && entry.title.empty()) {
      entry.title = word;
    }
  }
  menu.push_back(std::move(entry));
  blocks_.push_back(&block);
}

// Commands that say what an entry starts. True if `words` is one.
bool DescribeEntry(Arguments words, GrubMenuEntry& entry) {
  std::string_view name = words[0];
  for (const std::string_view ending : {"16", "efi"}) {
    if (name == fmt::format("linux{}", ending) || name == fmt::format("initrd{}", ending)) {
      name.remove_suffix(ending.size());
    }
  }
  auto rest = words.subspan(1);
  while (!rest.empty() && rest[0].starts_with("--")) rest = rest.subspan(1);
  // Stands where GRUB leaves the file's name out, which is put there by whoever loads the kernel.
  const auto arguments = [&] {
    const auto behind = rest.subspan(1);
    return behind.empty() || behind[0] != "placeholder" ? behind : behind.subspan(1);
  };
  if (name == "chainloader" || name == "fwsetup") {
    entry.other = name;
  } else if (rest.empty()) {
    return false;
  } else if (name == "linux" || name == "multiboot" || name == "multiboot2") {
    entry.multiboot = name != "linux";
    entry.kernel = GrubPath(rest[0]);
    entry.options = CommandLineOf(entry.multiboot ? arguments() : rest.subspan(1));
  } else if (name == "initrd") {
    entry.initrds.clear();
    for (const std::string& file : rest) entry.initrds.push_back(GrubPath(file));
  } else if (name == "module" || name == "module2") {
    entry.modules.push_back({GrubPath(rest[0]), CommandLineOf(arguments())});
  } else {
    return false;
  }
  return true;
}

bool Interpreter::RunIf(const GrubCommand& command, std::vector<GrubMenuEntry>* menu, GrubMenuEntry* entry) {
  for (const GrubBranch& branch : command.branches) {
    if (branch.condition.empty() || Run(branch.condition, menu, entry)) return Run(branch.body, menu, entry);
  }
  return true;
}

bool Interpreter::RunCommand(const GrubCommand& command, std::vector<GrubMenuEntry>* menu,
                             GrubMenuEntry* entry) {
  if (!command.branches.empty()) return RunIf(command, menu, entry);
  const std::vector<std::string> words = Expand(command.words);
  if (words.empty()) return true;
  const std::string& name = words[0];
  if (entry != nullptr && DescribeEntry(words, *entry)) return true;
  if (name == "menuentry" || name == "submenu") {
    if (menu != nullptr) AddMenuEntry(words, command.block, *menu);
  } else if (name == "blscfg") {
    if (menu != nullptr) {
      menu->push_back({.kind = GrubMenuEntry::Kind::kBlsEntries});
      blocks_.push_back(nullptr);
    }
  } else if (name == "set" && words.size() > 1) {
    Assign(words[1]);
  } else if (name == "unset" && words.size() > 1) {
    variables_.erase(words[1]);
  } else if (name == "load_env") {
    for (const auto& [variable, value] : surroundings_.environment) variables_[variable] = value;
  } else if (name == "[" && words.back() == "]") {
    return GrubTest(Arguments(words).subspan(1, words.size() - 2),
                    surroundings_.has_environment ? "/grubenv" : "");
  } else if (name == "test") {
    return GrubTest(Arguments(words).subspan(1), surroundings_.has_environment ? "/grubenv" : "");
  } else if (words.size() == 1 && name.contains('=')) {
    Assign(name);
  } else {
    return name == "true" || name == "export";
  }
  return true;
}

bool Interpreter::Run(const GrubScript& script, std::vector<GrubMenuEntry>* menu, GrubMenuEntry* entry) {
  bool succeeded = true;
  for (const GrubCommand& command : script) {
    if (exhausted()) return false;
    succeeded = RunCommand(command, menu, entry);
  }
  return succeeded;
}

void Interpreter::RunEntries(std::vector<GrubMenuEntry>& menu) {
  for (size_t i = 0; i < menu.size(); ++i) {
    if (blocks_[i] == nullptr) continue;
    for (const auto& [name, value] : variables_) Spend(name.size() + value.size());
    if (exhausted()) return;
    Interpreter inner(surroundings_, variables_, budget_);
    if (menu[i].kind == GrubMenuEntry::Kind::kSubmenu) {
      inner.Run(*blocks_[i], &menu[i].children, nullptr);
      inner.RunEntries(menu[i].children);
    } else {
      inner.Run(*blocks_[i], nullptr, &menu[i]);
    }
  }
}

// The index `wanted` names in one level of the menu.
std::optional<size_t> IndexOf(const std::vector<GrubMenuEntry>& entries, std::string_view wanted) {
  const auto number = WholeNumber<size_t>(wanted, 10);
  if (number && *number < entries.size()) return number;
  const auto found = std::ranges::find_if(entries, [&](const GrubMenuEntry& entry) {
    return !wanted.empty() && (entry.id == wanted || entry.title == wanted);
  });
  if (found == entries.end()) return std::nullopt;
  return static_cast<size_t>(found - entries.begin());
}

}  // namespace

Result<GrubMenu> ReadGrubMenu(std::string_view text, const GrubSurroundings& surroundings) {
  KEXEC_ASSIGN(const GrubScript script, ParseGrubScript(text));
  // What a GRUB of a distribution sets before it reads the file (GRUB manual, "Special environment
  // variables"; the features are those of 2.00 and later).
  GrubVariables variables = {{"grub_platform", surroundings.efi ? "efi" : "pc"},
                             {"grub_cpu", surroundings.efi ? "x86_64" : "i386"},
                             {"prefix", "/grub"},
                             {"feature_menuentry_id", "y"},
                             {"feature_menuentry_options", "y"},
                             {"feature_default_font_path", "y"},
                             {"feature_all_video_module", "y"},
                             {"feature_platform_search_hint", "y"},
                             {"feature_timeout_style", "y"}};
  size_t budget = kMaxExpansion;
  Interpreter interpreter(surroundings, std::move(variables), budget);
  GrubMenu menu;
  interpreter.Run(script, &menu.entries, nullptr);
  interpreter.RunEntries(menu.entries);
  if (interpreter.exhausted()) {
    return Fail(Errc::kMalformed, "its variables expand to more than {:#x} bytes", kMaxExpansion);
  }
  menu.variables = std::move(interpreter.variables());
  return menu;
}

std::string GrubPath(std::string_view path) {
  const size_t end = path.find(')');
  if (path.starts_with('(') && end != std::string_view::npos) path.remove_prefix(end + 1);
  return std::string(path);
}

std::string ExpandGrubVariables(std::string_view text, const GrubVariables& variables) {
  std::string expanded;
  for (const GrubPiece& piece : GrubWords(text).TakeRest()) {
    const std::string_view value = piece.variable ? ValueOf(piece.text, variables) : piece.text;
    if (value.size() <= kMaxExpansion - expanded.size()) expanded += value;
  }
  return expanded;
}

std::optional<GrubPosition> FindGrubEntry(const std::vector<GrubMenuEntry>& entries,
                                          std::string_view wanted) {
  GrubPosition position;
  const std::vector<GrubMenuEntry>* level = &entries;
  while (true) {
    const size_t end = std::min(wanted.find('>'), wanted.size());
    const auto whole = IndexOf(*level, wanted);  // a '>' may be part of a title
    const auto index = whole ? whole : IndexOf(*level, wanted.substr(0, end));
    if (!index) return std::nullopt;
    position.push_back(*index);
    level = &(*level)[*index].children;
    const bool more = !whole && end < wanted.size();
    wanted = more ? wanted.substr(end + 1) : "0";
    if (!more && level->empty()) return position;
  }
}

}  // namespace kexec
