// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/json_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace kexec {
namespace {

// What a UTF-8 sequence beginning with a byte must look like (Unicode 15, table 3-7).
struct Utf8Row {
  unsigned char first, last;                // of the first byte
  unsigned char second_first, second_last;  // of the second
  unsigned length;
};
constexpr Utf8Row kUtf8[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

struct Piece {
  size_t length;
  bool valid;
};

// The next character of `text`, which begins with a byte above 0x7f: whole, or how much of it is wrong.
Piece NextPiece(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  for (const Utf8Row& row : kUtf8) {
    if (byte(0) < row.first || byte(0) > row.last) continue;
    for (size_t i = 1; i < row.length; ++i) {
      const unsigned char low = i == 1 ? row.second_first : 0x80;
      const unsigned char high = i == 1 ? row.second_last : 0xbf;
      if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    }
    return {row.length, true};
  }
  return {1, false};
}

void AppendAscii(char c, std::string& out) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

}  // namespace

void JsonWriter::NewLine() {
  text_ += '\n';
  text_.append(2 * filled_.size(), ' ');
}

void JsonWriter::BeforeValue() {
  if (std::exchange(after_key_, false) || filled_.empty()) return;
  if (filled_.back()) text_ += ',';
  filled_.back() = true;
  NewLine();
}

void JsonWriter::End(char bracket) {
  const bool filled = filled_.back();
  filled_.pop_back();
  if (filled) NewLine();
  text_ += bracket;
}

JsonWriter& JsonWriter::BeginObject() {
  BeforeValue();
  text_ += '{';
  filled_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  End('}');
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  BeforeValue();
  text_ += '[';
  filled_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  End(']');
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  String(key);
  text_ += ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view text) {
  BeforeValue();
  text_ += '"';
  while (!text.empty()) {
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      AppendAscii(text.front(), text_);
      text.remove_prefix(1);
      continue;
    }
    const Piece piece = NextPiece(text);
    text_ += piece.valid ? text.substr(0, piece.length) : "\\ufffd";
    text.remove_prefix(piece.length);
  }
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::Number(uint64_t value) {
  BeforeValue();
  fmt::format_to(std::back_inserter(text_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::Address(PhysAddr address) { return String(fmt::format("{:#x}", address.raw())); }

JsonWriter& JsonWriter::Ranges(std::span<const PhysRange> ranges) {
  BeginArray();
  for (const PhysRange& range : ranges) {
    BeginObject().Key("begin").Address(range.begin()).Key("end").Address(range.end()).EndObject();
  }
  return EndArray();
}

JsonWriter& JsonWriter::Bool(bool value) {
  BeforeValue();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Null() {
  BeforeValue();
  text_ += "null";
  return *this;
}

std::string JsonWriter::Finish() {
  text_ += '\n';
  return std::exchange(text_, {});
}

}  // namespace kexec
