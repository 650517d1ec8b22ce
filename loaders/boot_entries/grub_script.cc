// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_script.h"

#include <algorithm>
#include <initializer_list>

#include "loaders/boot_entries/grub_words.h"

namespace kexec {
namespace {

// Far more than menus and their conditions are nested; bounds the stack.
constexpr size_t kMaxDepth = 64;

using Ends = std::initializer_list<std::string_view>;

class Parser {
 public:
  explicit Parser(std::string_view text) : words_(text) { Advance(); }

  // Commands up to one of the words `ends`, which is taken and left in `ended_by_`; without any to the end.
  Result<GrubScript> Commands(Ends ends);

 private:
  void Advance() { token_ = words_.Next(); }
  bool AtEnd() const { return token_.kind == GrubToken::Kind::kEnd; }
  void SkipSeparators() {
    while (token_.kind == GrubToken::Kind::kSeparator) Advance();
  }
  Result<> OneCommand(GrubScript& script);
  Result<> If(GrubScript& script);
  Result<> Loop();
  Result<> Function();
  Result<> Simple(GrubScript& script);

  GrubWords words_;
  GrubToken token_;
  std::string_view ended_by_;
  size_t depth_ = 0;
};

Result<GrubScript> Parser::Commands(Ends ends) {
  GrubScript script;
  const size_t begin = token_.line;
  if (++depth_ > kMaxDepth) return Fail(Errc::kMalformed, "line {}: nested too deep", begin);
  while (true) {
    SkipSeparators();
    if (AtEnd() && ends.size() == 0) break;
    if (AtEnd()) {
      return Fail(Errc::kMalformed, "'{}' is missing for what begins in line {}", *(ends.end() - 1), begin);
    }
    const auto end = std::ranges::find_if(ends, [&](std::string_view word) { return token_.Is(word); });
    if (end != ends.end()) {
      ended_by_ = *end;
      Advance();
      break;
    }
    KEXEC_TRY(OneCommand(script));
  }
  --depth_;
  return script;
}

Result<> Parser::OneCommand(GrubScript& script) {
  if (token_.Is("if")) return If(script);
  if (token_.Is("while") || token_.Is("until") || token_.Is("for")) return Loop();
  if (token_.Is("function")) return Function();
  for (const std::string_view word : {"then", "elif", "else", "fi", "do", "done", "}"}) {
    if (token_.Is(word)) return Fail(Errc::kMalformed, "line {}: unexpected '{}'", token_.line, word);
  }
  return Simple(script);
}

Result<> Parser::If(GrubScript& script) {
  GrubCommand command;
  Advance();
  ended_by_ = "elif";
  while (ended_by_ == "elif") {
    GrubBranch& branch = command.branches.emplace_back();
    KEXEC_ASSIGN(branch.condition, Commands({"then"}));
    KEXEC_ASSIGN(branch.body, Commands({"elif", "else", "fi"}));
    if (ended_by_ == "else") {
      KEXEC_ASSIGN(command.branches.emplace_back().body, Commands({"fi"}));
    }
  }
  script.push_back(std::move(command));
  return {};
}

Result<> Parser::Loop() {
  Advance();
  KEXEC_TRY(Commands({"do"}));
  KEXEC_TRY(Commands({"done"}));
  return {};
}

Result<> Parser::Function() {
  while (!AtEnd() && !token_.Is("{")) Advance();
  Advance();
  KEXEC_TRY(Commands({"}"}));
  return {};
}

Result<> Parser::Simple(GrubScript& script) {
  GrubCommand command;
  while (token_.kind == GrubToken::Kind::kWord && !token_.Is("}")) {
    if (token_.Is("{") && !command.words.empty()) {
      Advance();
      KEXEC_ASSIGN(command.block, Commands({"}"}));
      break;
    }
    command.words.push_back(std::move(token_.word));
    Advance();
  }
  script.push_back(std::move(command));
  return {};
}

}  // namespace

Result<GrubScript> ParseGrubScript(std::string_view text) { return Parser(text).Commands({}); }

}  // namespace kexec
