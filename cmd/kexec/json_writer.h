// SPDX-License-Identifier: GPL-2.0-or-later
// JSON (RFC 8259) out, indented by two blanks. Addresses are written as strings ("0x1000"): a JSON number
// above 2^53 does not survive every reader.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/phys.h"

namespace kexec {

// The caller keeps the grammar: a Key before each value in an object and nowhere else, every Begin with its
// End.
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  // Bytes that are no UTF-8 become U+FFFD, one for each maximal wrong piece; control characters are escaped,
  // also those that JSON allows.
  JsonWriter& String(std::string_view text);
  JsonWriter& Number(uint64_t value);
  JsonWriter& Address(PhysAddr address);
  // An array of objects with "begin" and "end".
  JsonWriter& Ranges(std::span<const PhysRange> ranges);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  // The document with a newline at its end; the writer is empty then.
  std::string Finish();

 private:
  void BeforeValue();
  void NewLine();
  void End(char bracket);

  std::string text_;
  std::vector<bool> filled_;  // one per open object or array: has it a member already?
  bool after_key_ = false;
};

}  // namespace kexec
