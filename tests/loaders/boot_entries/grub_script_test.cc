// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/boot_entries/grub_script.h"

#include <gtest/gtest.h>

#include <string>

namespace kexec {
namespace {

// Writes down what it is given. A command succeeds unless its first word is "no".
class Writer final : public GrubRunner {
 public:
  explicit Writer(const GrubScript& script) : script_(script) {}

  // Pieces in a row: texts as they are, variables as $name, '!' where what follows was quoted and what came
  // before was not; words between bars; blocks as they are carried out.
  bool Run(const GrubCommand& command) override {
    if (!out_.empty() && !out_.ends_with('{')) out_ += "; ";
    std::string separator;
    for (const GrubWord& word : command.words) {
      out_ += separator;
      separator = "|";
      bool quoted = false;
      for (const GrubPiece& piece : word) {
        if (piece.quoted && !quoted) out_ += '!';
        quoted = piece.quoted;
        if (piece.variable) out_ += '$';
        out_ += piece.text;
      }
    }
    if (!command.block.empty()) {
      out_ += "{";
      script_.Run(command.block, *this);
      out_ += "}";
    }
    return command.words[0][0].text != "no";
  }
  const std::string& out() const { return out_; }

 private:
  const GrubScript& script_;
  std::string out_;
};

std::string Parsed(std::string_view text) {
  const auto script = GrubScript::Check(text);
  if (!script.has_value()) return "error: " + script.error().message();
  Writer writer(*script);
  script->Run(text, writer);
  return writer.out();
}

struct Row {
  const char* text;
  const char* meaning;
};

constexpr Row kRows[] = {
    {"", ""},
    {"# only a comment", ""},
    {"a b;c\n\nd", "a|b; c; d"},
    {"a b#c # d", "a|b#c"},
    {"a \\\n b", "a|b"},
    {"linux /v root=UUID=1 x='a b' \"c d\"", "linux|/v|root=UUID=1|x=!a b|!c d"},
    {"a '' \"\"", "a|!|!"},
    {"a 'it'\\''s' \"q\\\"\\$x\\n\"", "a|!it's|!q\"$x\\n"},
    {"a $b ${c}d \"e ${f} g\" $ $1 ${open", "a|$b|$cd|!e $f g|$|$1|${open"},
    {"set a=\"${b}\"", "set|a=!$b"},
    {"if a; then b; fi", "a; b"},
    {"if no; then b; fi; c", "no; c"},
    {"i\\\nf a; then b; f\\\ni", "a; b"},
    {"if a; then b; elif c; then d; else e; fi; f", "a; b; f"},
    {"if no; then b; elif c; then d; else e; fi; f", "no; c; d; f"},
    {"if no a; then b; elif no c; then d; else e; fi; f", "no|a; no|c; e; f"},
    {"if a; then if b; then c; fi; fi", "a; b; c"},
    {"if if no; then a; else b no; fi; then c; else d; fi", "no; b|no; c"},
    {"if no; then menuentry x { a }; else menuentry y { b }; fi", "no; menuentry|y{b}"},
    {"menuentry 'x' --class y {\n\tlinux /v\n}\nz", "menuentry|!x|--class|y{linux|/v}; z"},
    {"submenu s { menuentry t { a } }", "submenu|s{menuentry|t{a}}"},
    {"function f {\n if a; then b; fi\n}\nc", "c"},
    {"while a; do b; done; for i in 1 2; do c; done; d", "d"},
    {"a 'not closed", "a|!not closed"},
    {"if a; then b", "error: 'fi' is missing for what begins in line 1"},
    {"a\nfi", "error: line 2: unexpected 'fi'"},
    {"a\nmenuentry x {\n b\n", "error: '}' is missing for what begins in line 2"},
    {"}", "error: line 1: unexpected '}'"},
    {"if a", "error: 'then' is missing for what begins in line 1"},
    {"function f", "error: '}' is missing for what begins in line 1"},
};

TEST(GrubScript, HandsOverCommands) {
  for (const Row& row : kRows) EXPECT_EQ(Parsed(row.text), row.meaning) << row.text;
}

TEST(GrubScript, BoundsItsDepth) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "submenu x {\n";
  EXPECT_EQ(Parsed(text), "error: line 64: nested too deep");
}

TEST(GrubScript, BoundsTheWordsOfACommand) {
  std::string words, pieces = "b";
  for (size_t i = 0; i < kMaxGrubPieces - 1; ++i) words += " a", pieces += "$a";
  EXPECT_EQ(Parsed("\nset" + words).size(), 3 + 2 * (kMaxGrubPieces - 1));
  EXPECT_EQ(Parsed("\nset" + words + " a"), "error: line 2: a command of more than 65536 words");
  EXPECT_EQ(Parsed(pieces + "$a"), "error: line 1: a command of more than 65536 words");
  EXPECT_EQ(Parsed(pieces + pieces), "error: line 1: a command of more than 65536 words");
}

}  // namespace
}  // namespace kexec
