// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_script.h"

#include <algorithm>
#include <initializer_list>
#include <span>

#include "loaders/boot_entries/grub_words.h"

namespace kexec {
namespace {

// Far more than menus and their conditions are nested; bounds the stack.
constexpr size_t kMaxDepth = 64;

using Ends = std::initializer_list<std::string_view>;

// Goes over one text: with a `runner` to carry it out, its blocks being known; else to check it.
class Walk {
 public:
  // `text` begins at `offset` of the script.
  Walk(std::string_view text, size_t offset, std::vector<GrubScript::Block>& blocks)
      : text_(text), offset_(offset), new_blocks_(&blocks), words_(text) {
    Advance();
  }
  Walk(std::string_view text, size_t offset, const std::vector<GrubScript::Block>& blocks, GrubRunner& runner)
      : text_(text), offset_(offset), known_blocks_(blocks), runner_(&runner), words_(text) {
    Advance();
  }

  // Commands up to one of the words `ends`, which is taken and left in `ended_by_`; without any to the end.
  // Whether the last one succeeded; all do that are not run.
  Result<bool> Commands(Ends ends, bool run);

 private:
  void Advance() { token_ = words_.Next(); }
  bool AtEnd() const { return token_.kind == GrubToken::Kind::kEnd; }
  void SkipSeparators() {
    while (token_.kind == GrubToken::Kind::kSeparator) Advance();
  }
  Result<bool> OneCommand(bool run);
  Result<bool> If(bool run);
  Result<bool> Loop();
  Result<bool> Function();
  Result<bool> Simple(bool run);
  Result<std::string_view> Block();

  std::string_view text_;
  size_t offset_;
  std::vector<GrubScript::Block>* new_blocks_ = nullptr;
  std::span<const GrubScript::Block> known_blocks_;
  GrubRunner* runner_ = nullptr;
  GrubWords words_;
  GrubToken token_;
  std::string_view ended_by_;
  size_t ended_at_ = 0;  // where that word begins
  size_t depth_ = 0;
};

Result<bool> Walk::Commands(Ends ends, bool run) {
  bool succeeded = true;
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
      ended_at_ = token_.begin;
      Advance();
      break;
    }
    KEXEC_ASSIGN(succeeded, OneCommand(run));
  }
  --depth_;
  return succeeded;
}

Result<bool> Walk::OneCommand(bool run) {
  if (token_.Is("if")) return If(run);
  if (token_.Is("while") || token_.Is("until") || token_.Is("for")) return Loop();
  if (token_.Is("function")) return Function();
  for (const std::string_view word : {"then", "elif", "else", "fi", "do", "done", "}"}) {
    if (token_.Is(word)) return Fail(Errc::kMalformed, "line {}: unexpected '{}'", token_.line, word);
  }
  return Simple(run);
}

Result<bool> Walk::If(bool run) {
  bool succeeded = true;
  Advance();
  ended_by_ = "elif";
  while (ended_by_ == "elif") {
    KEXEC_ASSIGN(const bool holds, Commands({"then"}, run));
    const bool taken = run && holds;
    KEXEC_ASSIGN(const bool done, Commands({"elif", "else", "fi"}, taken));
    if (taken) succeeded = done;
    run = run && !taken;
  }
  if (ended_by_ != "else") return succeeded;
  KEXEC_ASSIGN(const bool done, Commands({"fi"}, run));
  return run ? done : succeeded;
}

Result<bool> Walk::Loop() {
  Advance();
  KEXEC_TRY(Commands({"do"}, false));
  KEXEC_TRY(Commands({"done"}, false));
  return true;
}

Result<bool> Walk::Function() {
  while (!AtEnd() && !token_.Is("{")) Advance();
  Advance();
  KEXEC_TRY(Commands({"}"}, false));
  return true;
}

// What is in the braces of which the first has been met; both are taken.
Result<std::string_view> Walk::Block() {
  const size_t begin = words_.position();
  if (new_blocks_ == nullptr) {
    const auto known =
        std::ranges::lower_bound(known_blocks_, offset_ + begin, {}, &GrubScript::Block::begin);
    const size_t size = known->end - known->begin;
    words_.GoTo(begin + size);
    Advance();  // to the brace
    Advance();
    return text_.substr(begin, size);
  }
  const size_t number = new_blocks_->size();
  new_blocks_->push_back({offset_ + begin, 0});
  Advance();
  KEXEC_TRY(Commands({"}"}, false));
  (*new_blocks_)[number].end = offset_ + ended_at_;
  return text_.substr(begin, ended_at_ - begin);
}

Result<bool> Walk::Simple(bool run) {
  GrubCommand command;
  const size_t line = token_.line;
  size_t pieces = 0;
  while (token_.kind == GrubToken::Kind::kWord && !token_.Is("}")) {
    if (token_.Is("{") && pieces > 0) {
      KEXEC_ASSIGN(command.block, Block());
      break;
    }
    pieces += std::max<size_t>(token_.word.size(), 1);
    if (pieces > kMaxGrubPieces) {
      return Fail(Errc::kMalformed, "line {}: a command of more than {} words", line, kMaxGrubPieces);
    }
    if (run) command.words.push_back(std::move(token_.word));
    Advance();
  }
  return run ? runner_->Run(command) : true;
}

}  // namespace

Result<GrubScript> GrubScript::Check(std::string_view text) {
  GrubScript script(text);
  KEXEC_TRY(Walk(text, 0, script.blocks_).Commands({}, false));
  return script;
}

void GrubScript::Run(std::string_view part, GrubRunner& runner) const {
  if (part.empty()) return;
  const auto offset = static_cast<size_t>(part.data() - text_.data());
  // It has been checked: nothing can fail.
  static_cast<void>(Walk(part, offset, blocks_, runner).Commands({}, true));
}

}  // namespace kexec
