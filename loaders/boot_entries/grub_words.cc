// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_words.h"

#include <algorithm>

namespace kexec {
namespace {

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool IsSeparator(char c) { return c == '\n' || c == ';'; }

void AddPiece(GrubWord& word, const GrubPiece& piece) {
  if (word.size() <= kMaxGrubPieces) word.push_back(piece);
}

}  // namespace

bool GrubToken::Is(std::string_view reserved) const {
  if (kind != Kind::kWord) return false;
  for (const GrubPiece& piece : word) {  // several where a line end behind '\' is left out between them
    if (piece.quoted || piece.variable || !reserved.starts_with(piece.text)) return false;
    reserved.remove_prefix(piece.text.size());
  }
  return reserved.empty();
}

char GrubWords::Take() {
  const char c = text_[at_++];
  if (c == '\n') ++line_;
  return c;
}

void GrubWords::SkipBlanksAndComments() {
  while (!AtEnd()) {
    const std::string_view rest = text_.substr(at_);
    if (IsBlank(rest.front())) {
      Take();
    } else if (rest.starts_with("\\\n")) {
      Take();
      Take();
    } else if (rest.front() == '#') {
      while (!AtEnd() && text_[at_] != '\n') Take();
    } else {
      return;
    }
  }
}

void GrubWords::AddTaken(GrubWord& word, bool quoted) const {
  const std::string_view taken = text_.substr(at_ - 1, 1);
  if (!word.empty()) {
    GrubPiece& last = word.back();
    const bool goes_on = last.text.data() + last.text.size() == taken.data();
    if (goes_on && !last.variable && last.quoted == quoted) {
      last.text = {last.text.data(), last.text.size() + 1};
      return;
    }
  }
  AddPiece(word, {.text = taken, .quoted = quoted});
}

void GrubWords::TakeSingleQuoted(GrubWord& word) {
  const size_t begin = at_;
  while (!AtEnd() && text_[at_] != '\'') Take();
  AddPiece(word, {.text = text_.substr(begin, at_ - begin), .quoted = true});
  if (!AtEnd()) Take();
}

void GrubWords::TakeDoubleQuoted(GrubWord& word) {
  AddPiece(word, {.text = text_.substr(at_, 0), .quoted = true});
  while (!AtEnd()) {
    const char c = Take();
    if (c == '"') return;
    if (c == '$') {
      TakeVariable(word, true);
    } else if (c == '\\' && !AtEnd() && std::string_view("$\"\\\n").contains(text_[at_])) {
      if (Take() != '\n') AddTaken(word, true);
    } else {
      AddTaken(word, true);
    }
  }
}

bool GrubWords::FindClosing() {
  if (closing_ < at_) closing_ = std::min(text_.find('}', at_), text_.size());
  return closing_ < text_.size();
}

// Behind '$': ${name}, $name, or a character such as $? and $1.
void GrubWords::TakeVariable(GrubWord& word, bool quoted) {
  const std::string_view rest = text_.substr(at_);
  std::string_view name;
  size_t length = 0;
  if (rest.starts_with('{') && FindClosing()) {
    name = rest.substr(1, closing_ - at_ - 1);
    length = name.size() + 2;
  } else if (!rest.empty() && IsNameStart(rest.front())) {
    while (length < rest.size() && IsNamePart(rest[length])) ++length;
    name = rest.substr(0, length);
  } else if (!rest.empty() && std::string_view("?*@#0123456789").contains(rest.front())) {
    name = rest.substr(0, 1);
    length = 1;
  } else {
    return AddTaken(word, quoted);
  }
  for (; length > 0; --length) Take();
  AddPiece(word, {.text = name, .variable = true, .quoted = quoted});
}

GrubWord GrubWords::TakeWord() {
  GrubWord word;
  while (!AtEnd() && !IsBlank(text_[at_]) && !IsSeparator(text_[at_])) {
    const char c = Take();
    if (c == '\'') {
      TakeSingleQuoted(word);
    } else if (c == '"') {
      TakeDoubleQuoted(word);
    } else if (c == '$') {
      TakeVariable(word, false);
    } else if (c == '\\' && !AtEnd()) {
      if (Take() != '\n') AddTaken(word, true);
    } else {
      AddTaken(word, false);
    }
  }
  return word;
}

GrubWord GrubWords::TakeRest() {
  GrubWord word;
  while (!AtEnd()) {
    if (Take() == '$') {
      TakeVariable(word, true);
    } else {
      AddTaken(word, true);
    }
  }
  return word;
}

GrubToken GrubWords::Next() {
  SkipBlanksAndComments();
  GrubToken token{.line = line_, .begin = at_};
  if (AtEnd()) return token;
  if (IsSeparator(text_[at_])) {
    Take();
    token.kind = GrubToken::Kind::kSeparator;
    return token;
  }
  token.kind = GrubToken::Kind::kWord;
  token.word = TakeWord();
  return token;
}

}  // namespace kexec
