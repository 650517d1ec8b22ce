// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/boot_entries/grub_script.h"

#include <gtest/gtest.h>

#include <string>

namespace kexec {
namespace {

std::string Written(const GrubScript& script);

// Pieces in a row: texts as they are, variables as $name, '!' before what was quoted; words between bars.
std::string Written(const GrubCommand& command) {
  std::string out;
  for (const GrubWord& word : command.words) {
    if (!out.empty()) out += '|';
    for (const GrubPiece& piece : word) {
      out += std::string(piece.quoted ? "!" : "") + (piece.variable ? "$" : "") + piece.text;
    }
  }
  if (!command.block.empty()) out += "{" + Written(command.block) + "}";
  for (const GrubBranch& branch : command.branches) {
    out += "if(" + Written(branch.condition) + ")(" + Written(branch.body) + ")";
  }
  return out;
}

std::string Written(const GrubScript& script) {
  std::string out;
  for (const GrubCommand& command : script) out += (out.empty() ? "" : "; ") + Written(command);
  return out;
}

std::string Parsed(std::string_view text) {
  const auto script = ParseGrubScript(text);
  return script.has_value() ? Written(*script) : "error: " + script.error().message();
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
    {"a 'it'\\''s' \"q\\\"\\$x\\n\"", "a|!it'!s|!q\"$x\\n"},
    {"a $b ${c}d \"e ${f} g\" $ $1 ${open", "a|$b|$cd|!e !$f! g|$|$1|${open"},
    {"set a=\"${b}\"", "set|a=!!$b"},
    {"if a; then b; fi", "if(a)(b)"},
    {"if a; then b; elif c; then d; else e; fi; f", "if(a)(b)if(c)(d)if()(e); f"},
    {"if a; then if b; then c; fi; fi", "if(a)(if(b)(c))"},
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

TEST(ParseGrubScript, MakesCommands) {
  for (const Row& row : kRows) EXPECT_EQ(Parsed(row.text), row.meaning) << row.text;
}

TEST(ParseGrubScript, BoundsItsDepth) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "submenu x {\n";
  EXPECT_EQ(Parsed(text), "error: line 64: nested too deep");
}

}  // namespace
}  // namespace kexec
