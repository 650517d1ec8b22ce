// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/boot_entries/grub_words.h"

namespace kexec {
namespace {

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool IsSeparator(char c) { return c == '\n' || c == ';'; }

void AddText(GrubWord& word, char c, bool quoted) {
  if (word.empty() || word.back().variable || word.back().quoted != quoted) {
    word.push_back({.text = {}, .quoted = quoted});
  }
  word.back().text += c;
}

}  // namespace

bool GrubToken::Is(std::string_view reserved) const {
  return kind == Kind::kWord && word.size() == 1 && !word[0].quoted && !word[0].variable &&
         word[0].text == reserved;
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

void GrubWords::TakeSingleQuoted(GrubWord& word) {
  word.push_back({.text = {}, .quoted = true});
  while (!AtEnd()) {
    const char c = Take();
    if (c == '\'') return;
    word.back().text += c;
  }
}

void GrubWords::TakeDoubleQuoted(GrubWord& word) {
  word.push_back({.text = {}, .quoted = true});
  while (!AtEnd()) {
    const char c = Take();
    if (c == '"') return;
    if (c == '$') {
      TakeVariable(word, true);
    } else if (c == '\\' && !AtEnd() && std::string_view("$\"\\\n").contains(text_[at_])) {
      if (const char next = Take(); next != '\n') AddText(word, next, true);
    } else {
      AddText(word, c, true);
    }
  }
}

// Behind '$': ${name}, $name, or a character such as $? and $1.
void GrubWords::TakeVariable(GrubWord& word, bool quoted) {
  const std::string_view rest = text_.substr(at_);
  std::string_view name;
  size_t length = 0;
  if (rest.starts_with('{') && rest.contains('}')) {
    name = rest.substr(1, rest.find('}') - 1);
    length = name.size() + 2;
  } else if (!rest.empty() && IsNameStart(rest.front())) {
    while (length < rest.size() && IsNamePart(rest[length])) ++length;
    name = rest.substr(0, length);
  } else if (!rest.empty() && std::string_view("?*@#0123456789").contains(rest.front())) {
    name = rest.substr(0, 1);
    length = 1;
  } else {
    return AddText(word, '$', quoted);
  }
  for (; length > 0; --length) Take();
  word.push_back({.text = std::string(name), .variable = true, .quoted = quoted});
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
      if (const char next = Take(); next != '\n') AddText(word, next, true);
    } else {
      AddText(word, c, false);
    }
  }
  return word;
}

GrubWord GrubWords::TakeRest() {
  GrubWord word;
  while (!AtEnd()) {
    if (const char c = Take(); c == '$') {
      TakeVariable(word, true);
    } else {
      AddText(word, c, true);
    }
  }
  return word;
}

GrubToken GrubWords::Next() {
  SkipBlanksAndComments();
  GrubToken token{.line = line_};
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
