// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/terminal_text.h"

namespace kexec {
namespace {

std::string Written(std::string_view text) { return JsonWriter().String(text).Finish(); }

TEST(JsonWriter, WritesNestedValues) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").String("a\"b\\c");
  json.Key("empty").BeginArray().EndArray();
  json.Key("list").BeginArray().Number(1).Bool(true).Null().Address(PhysAddr(0xfff0000000000000)).EndArray();
  json.EndObject();
  EXPECT_EQ(json.Finish(),
            "{\n"
            "  \"name\": \"a\\\"b\\\\c\",\n"
            "  \"empty\": [],\n"
            "  \"list\": [\n"
            "    1,\n"
            "    true,\n"
            "    null,\n"
            "    \"0xfff0000000000000\"\n"
            "  ]\n"
            "}\n");
}

TEST(JsonWriter, WritesRangesHalfOpen) {
  const auto range = PhysRange::FromBounds(PhysAddr(0x1000), PhysAddr(0x3000));
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(nlohmann::json::parse(JsonWriter().Ranges(std::span(&*range, 1)).Finish()),
            nlohmann::json::parse(R"([{"begin": "0x1000", "end": "0x3000"}])"));
  EXPECT_EQ(JsonWriter().Ranges({}).Finish(), "[]\n");
}

TEST(JsonWriter, EscapesControlCharacters) {
  EXPECT_EQ(Written(std::string_view("\n\t\x01\x7f\0", 5)), "\"\\n\\t\\u0001\\u007f\\u0000\"\n");
}

TEST(JsonWriter, EscapesWhatATerminalWouldObeyToo) {
  EXPECT_EQ(Written("\u009b2J\u202e\u2028"), "\"\\u009b2J\\u202e\\u2028\"\n");
}

TEST(JsonWriter, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(Written("é€😀"), "\"é€😀\"\n");
  EXPECT_EQ(Written("a\xff"
                    "b"),
            "\"a\\ufffdb\"\n");
  EXPECT_EQ(Written("\xc3"), "\"\\ufffd\"\n");                        // cut short
  EXPECT_EQ(Written("\xc0\xaf"), "\"\\ufffd\\ufffd\"\n");             // overlong '/'
  EXPECT_EQ(Written("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"\n");  // a surrogate
  EXPECT_EQ(Written("\xf0\x9f\x98x"), "\"\\ufffdx\"\n");
}

RC_GTEST_PROP(JsonWriterProperty, AnyBytesMakeADocumentThatOthersRead,
              (const std::vector<unsigned char>& bytes)) {
  const std::string text(bytes.begin(), bytes.end());
  const auto document = nlohmann::json::parse(Written(text));
  RC_ASSERT(document.is_string());
  RC_ASSERT(testing::SpeaksToATerminal(Written(text)) == "");
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) RC_ASSERT(document.get<std::string>() == text);
}

RC_GTEST_PROP(JsonWriterProperty, EveryCharacterIsReadAsItWas, (const std::vector<uint32_t>& characters)) {
  std::string text;
  for (const uint32_t character : characters) text += testing::AsUtf8(character % 0x2100);
  RC_ASSERT(testing::SpeaksToATerminal(Written(text)) == "");
  RC_ASSERT(nlohmann::json::parse(Written(text)).get<std::string>() == text);
}

}  // namespace
}  // namespace kexec
