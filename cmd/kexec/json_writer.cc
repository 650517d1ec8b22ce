// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/json_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "kexec/printable.h"

namespace kexec {
namespace {

// As it stands in a string: RFC 8259 asks for quotes, backslashes and C0 to be escaped, the terminal for the
// rest.
void AppendCharacter(char32_t character, std::string_view bytes, std::string& out) {
  if (character == '\n') {
    out += "\\n";
  } else if (character == '\t') {
    out += "\\t";
  } else if (IsControl(character)) {  // all of them below U+10000
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<uint32_t>(character));
  } else {
    if (character == '"' || character == '\\') out += '\\';
    out += bytes;
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
    const Utf8Piece piece = FirstPiece(text);
    if (piece.valid) {
      AppendCharacter(piece.character, text.substr(0, piece.bytes), text_);
    } else {
      text_ += "\\ufffd";
    }
    text.remove_prefix(piece.bytes);
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
