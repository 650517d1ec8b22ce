// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_menu.h"

#include <algorithm>
#include <map>
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
// grub-mkconfig's menus set some 40.
constexpr size_t kMaxVariables = 4096;

using Arguments = std::span<const std::string>;

// Variables as they are for the commands of one block: what it sets is its own, as an entry's commands run
// when it is chosen and not before.
class Scope {
 public:
  explicit Scope(const Scope* outer) : outer_(outer) {}

  // "" if it is not set.
  std::string_view ValueOf(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
      const auto found = scope->own_.find(name);
      if (found != scope->own_.end()) return found->second ? std::string_view(*found->second) : "";
    }
    return {};
  }
  void Set(std::string_view name, std::optional<std::string> value) {
    own_.insert_or_assign(std::string(name), std::move(value));
  }
  size_t size() const { return own_.size(); }
  // Those of this block that are set.
  GrubVariables Own() const {
    GrubVariables variables;
    for (const auto& [name, value] : own_) {
      if (value) variables.emplace(name, *value);
    }
    return variables;
  }

 private:
  const Scope* outer_;
  std::map<std::string, std::optional<std::string>, std::less<>> own_;  // nullopt: unset
};

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

// What all blocks of one menu have in common.
struct Reading {
  const GrubSurroundings& surroundings;
  const GrubScript& script;
  size_t expansion_left = kMaxExpansion;  // bytes of the values of variables
  size_t entries_left = kMaxMenuEntries;
  bool cut = false;     // an entry was left out
  std::string problem;  // a bound was met: nothing more is carried out
};

// Carries commands out, at first those of the whole file, then those of each entry on their own.
class Interpreter final : public GrubRunner {
 public:
  // `menu` is where entries go, `entry` whose commands these are.
  Interpreter(Reading& reading, const Scope* outer, std::vector<GrubMenuEntry>* menu, GrubMenuEntry* entry)
      : reading_(reading), scope_(outer), menu_(menu), entry_(entry) {}

  bool Run(const GrubCommand& command) override;
  // What the entries met by Run do when they are chosen.
  void RunEntries();

  Scope& scope() { return scope_; }

 private:
  bool RunSetting(Arguments words);
  void AddMenuEntry(Arguments words, std::string_view block);
  void Assign(std::string_view assignment);
  void LoadEnvironment();
  void Set(std::string_view name, std::optional<std::string> value);
  std::vector<std::string> Expand(const std::vector<GrubWord>& words);
  // False if it is too much.
  bool Spend(size_t bytes);

  Reading& reading_;
  Scope scope_;
  std::vector<GrubMenuEntry>* menu_;
  GrubMenuEntry* entry_;
  bool lists_bls_ = false;                // a kBlsEntries is in `menu_`
  std::vector<std::string_view> blocks_;  // of the entries of `menu_`, in their order
};

bool Interpreter::Spend(size_t bytes) {
  if (bytes <= reading_.expansion_left) {
    reading_.expansion_left -= bytes;
    return true;
  }
  reading_.problem = fmt::format("its variables expand to more than {:#x} bytes", kMaxExpansion);
  return false;
}

// Nothing, if a bound was met.
std::vector<std::string> Interpreter::Expand(const std::vector<GrubWord>& words) {
  std::vector<std::string> expanded;
  for (const GrubWord& word : words) {
    std::string text;
    bool there = false;  // an unquoted variable without a value makes no word
    for (const GrubPiece& piece : word) {
      const std::string_view value = piece.variable ? scope_.ValueOf(piece.text) : piece.text;
      if (piece.variable && !Spend(value.size() + 1)) return {};
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
      if (expanded.size() > kMaxGrubPieces) {
        reading_.problem = fmt::format("its variables make a command of more than {} words", kMaxGrubPieces);
        return {};
      }
    }
    if (there) expanded.push_back(std::move(text));
  }
  return expanded;
}

void Interpreter::Set(std::string_view name, std::optional<std::string> value) {
  scope_.Set(name, std::move(value));
  if (scope_.size() > kMaxVariables) {
    reading_.problem = fmt::format("it sets more than {} variables", kMaxVariables);
  }
}

void Interpreter::Assign(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) return;
  Set(assignment.substr(0, equals), std::string(assignment.substr(equals + 1)));
}

void Interpreter::LoadEnvironment() {
  for (const auto& [name, value] : reading_.surroundings.environment) {
    if (!reading_.problem.empty() || !Spend(name.size() + value.size())) return;
    Set(name, value);
  }
}

void Interpreter::AddMenuEntry(Arguments words, std::string_view block) {
  if (reading_.entries_left == 0) {
    reading_.cut = true;
    return;
  }
  --reading_.entries_left;
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
  menu_->push_back(std::move(entry));
  blocks_.push_back(block);
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

bool Interpreter::RunSetting(Arguments words) {
  const std::string& name = words[0];
  const std::string_view existing = reading_.surroundings.has_environment ? "/grubenv" : "";
  if (name == "set" && words.size() > 1) {
    Assign(words[1]);
  } else if (name == "unset" && words.size() > 1) {
    Set(words[1], std::nullopt);
  } else if (name == "load_env") {
    LoadEnvironment();
  } else if (name == "[" && words.back() == "]") {
    return GrubTest(words.subspan(1, words.size() - 2), existing);
  } else if (name == "test") {
    return GrubTest(words.subspan(1), existing);
  } else if (words.size() == 1 && name.contains('=')) {
    Assign(name);
  } else {
    return name == "true" || name == "export";
  }
  return true;
}

bool Interpreter::Run(const GrubCommand& command) {
  if (!reading_.problem.empty()) return false;
  const std::vector<std::string> words = Expand(command.words);
  if (words.empty()) return true;
  if (entry_ != nullptr && DescribeEntry(words, *entry_)) return true;
  if (words[0] == "menuentry" || words[0] == "submenu") {
    if (menu_ != nullptr) AddMenuEntry(words, command.block);
    return true;
  }
  if (words[0] != "blscfg") return RunSetting(words);
  if (menu_ != nullptr &&
      !std::exchange(lists_bls_, true)) {  // where it stands twice, the first place counts
    menu_->push_back({.kind = GrubMenuEntry::Kind::kBlsEntries});
    blocks_.emplace_back();
  }
  return true;
}

void Interpreter::RunEntries() {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    GrubMenuEntry& own = (*menu_)[i];
    const bool submenu = own.kind == GrubMenuEntry::Kind::kSubmenu;
    Interpreter inner(reading_, &scope_, submenu ? &own.children : nullptr, submenu ? nullptr : &own);
    reading_.script.Run(blocks_[i], inner);
    inner.RunEntries();
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
  KEXEC_ASSIGN(const GrubScript script, GrubScript::Check(text));
  GrubMenu menu;
  Reading reading{.surroundings = surroundings, .script = script};
  Interpreter interpreter(reading, nullptr, &menu.entries, nullptr);
  // What a GRUB of a distribution sets before it reads the file (GRUB manual, "Special environment
  // variables"; the features are those of 2.00 and later).
  const std::pair<std::string_view, std::string_view> set[] = {
      {"grub_platform", surroundings.efi ? "efi" : "pc"},
      {"grub_cpu", surroundings.efi ? "x86_64" : "i386"},
      {"prefix", "/grub"},
      {"feature_menuentry_id", "y"},
      {"feature_menuentry_options", "y"},
      {"feature_default_font_path", "y"},
      {"feature_all_video_module", "y"},
      {"feature_platform_search_hint", "y"},
      {"feature_timeout_style", "y"}};
  for (const auto& [name, value] : set) interpreter.scope().Set(name, std::string(value));
  script.Run(text, interpreter);
  interpreter.RunEntries();
  if (!reading.problem.empty()) return Fail(Errc::kMalformed, "{}", reading.problem);
  menu.cut = reading.cut;
  menu.variables = interpreter.scope().Own();
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
    std::string_view value = piece.text;
    if (piece.variable) {
      const auto found = variables.find(std::string(piece.text));
      value = found == variables.end() ? std::string_view() : found->second;
    }
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
