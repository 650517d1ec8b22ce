// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of a grub.cfg. For grub_script.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "loaders/boot_entries/grub_script.h"

namespace kexec {

struct GrubToken {
  enum class Kind { kWord, kSeparator, kEnd };
  Kind kind = Kind::kEnd;
  GrubWord word;     // kWord: at least one piece
  size_t line = 0;   // where it begins, from 1
  size_t begin = 0;  // in the text

  // It is this word, written without quotes: a reserved word or a brace.
  bool Is(std::string_view reserved) const;
};

// Walks over a text once; never fails, a quote that does not end ends with the text. Of a word with more than
// kMaxGrubPieces one more is kept, and the rest dropped.
class GrubWords {
 public:
  explicit GrubWords(std::string_view text) : text_(text) {}
  // kEnd for ever once the text is at its end. Line ends and ';' are separators; blanks and comments nothing.
  GrubToken Next();
  // The rest as one word: only variables are looked for in it.
  GrubWord TakeRest();
  // Where the next token is looked for; forward only.
  size_t position() const { return at_; }
  void GoTo(size_t position) { at_ = position; }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  char Take();
  void SkipBlanksAndComments();
  GrubWord TakeWord();
  void TakeSingleQuoted(GrubWord& word);
  void TakeDoubleQuoted(GrubWord& word);
  void TakeVariable(GrubWord& word, bool quoted);
  // The character just taken.
  void AddTaken(GrubWord& word, bool quoted) const;
  // Whether a '}' follows somewhere; `closing_` says where the next one is.
  bool FindClosing();

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t closing_ = 0;
};

}  // namespace kexec
