// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/printable.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "tests/support/terminal_text.h"

namespace kexec {
namespace {

TEST(Printable, EscapesWhatATerminalObeys) {
  EXPECT_EQ(Printable("a\nb\x1b[2J\x7f"), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(Printable(std::string_view("\0\t", 2)), "\\x00\\x09");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J");                                        // U+009B, the control sequence introducer
  EXPECT_EQ(Printable("\u202etxt.exe"), "\\xe2\\x80\\xaetxt.exe");  // right-to-left override
  EXPECT_EQ(Printable("a\u2028b"), "a\\xe2\\x80\\xa8b");            // line separator
  EXPECT_EQ(Printable("\u2066x\u2069"), "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9");
}

TEST(Printable, KeepsUtf8AndEscapesBytesThatAreNone) {
  EXPECT_EQ(Printable("é€😀 \u00a0 \\ ~"), "é€😀 \u00a0 \\ ~");
  EXPECT_EQ(Printable("\x9b"
                      "2J"),
            "\\x9b2J");                                              // a C1 byte of an 8-bit terminal
  EXPECT_EQ(Printable("\xc3"), "\\xc3");                             // cut short
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong '/'
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(Printable("\xf0\x9f\x98x"), "\\xf0\\x9f\\x98x");
}

RC_GTEST_PROP(PrintableProperty, AnyBytesMakeTextThatNoTerminalObeys,
              (const std::vector<unsigned char>& bytes)) {
  const std::string text = Printable(std::string(bytes.begin(), bytes.end()));
  RC_ASSERT(testing::SpeaksToATerminal(text) == "");
  RC_ASSERT(text.find('\n') == std::string::npos);
  RC_ASSERT(Printable(text) == text);
}

// Random bytes are rarely UTF-8: characters as bytes of their own, with one byte changed.
RC_GTEST_PROP(PrintableProperty, SoDoDamagedCharacters,
              (const std::vector<uint32_t>& characters, size_t place, char byte)) {
  std::string text;
  for (const uint32_t character : characters) text += testing::AsUtf8(character % 0x2100);
  if (!text.empty()) text[place % text.size()] = byte;
  RC_ASSERT(testing::SpeaksToATerminal(Printable(text)) == "");
}

}  // namespace
}  // namespace kexec
