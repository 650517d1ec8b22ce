// SPDX-License-Identifier: GPL-2.0-or-later
// Any running command line, and --append: taking words out twice changes no more than once, takes nothing but
// words that set the parameter, and the line that comes out is shown as JSON without breaking it.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/command_line.h"
#include "cmd/kexec/json_writer.h"
#include "tests/fuzz/fuzz_input.h"

using kexec::testing::Require;

namespace {

constexpr std::array<std::string_view, 2> kNames = {"BOOT_IMAGE", "crashkernel"};

// An independent reading: blanks outside quotes separate words.
std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    quoted = quoted != (c == '"');
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (quoted || !blank) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool MayGo(const std::string& word) {
  for (const std::string_view name : kNames) {
    if (word.find(name) <= 1) return true;  // behind a quote at most
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string line(data, data + size);
  const std::string left = kexec::RemoveParameters(line, kNames);
  Require(left.size() <= line.size());
  Require(kexec::RemoveParameters(left, kNames) == left);
  const std::vector<std::string> before = Words(line);
  const std::vector<std::string> after = Words(left);
  size_t next = 0;
  for (const std::string& word : before) {
    if (next < after.size() && after[next] == word) {
      ++next;
    } else {
      Require(MayGo(word));
    }
  }
  Require(next == after.size());
  const std::string json = kexec::JsonWriter().String(line).Finish();
  for (const char c : std::string_view(json).substr(0, json.size() - 1))
    Require(static_cast<unsigned char>(c) >= 0x20);
  return 0;
}
