// SPDX-License-Identifier: GPL-2.0-or-later
// Multiboot headers for tests, written from the specification without our code's structures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <utility>
#include <vector>

namespace kexec::testing {

inline void AppendWord(std::vector<std::byte>& to, uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<std::byte>(word >> shift));
}

inline std::vector<std::byte> WordBytes(const std::vector<uint32_t>& words) {
  std::vector<std::byte> bytes;
  for (const uint32_t word : words) AppendWord(bytes, word);
  return bytes;
}

// A Multiboot 1 header; `rest`: the fields behind the checksum.
inline std::vector<std::byte> Multiboot1Bytes(uint32_t flags, const std::vector<uint32_t>& rest = {}) {
  std::vector<uint32_t> words = {0x1badb002, flags, 0u - 0x1badb002u - flags};
  words.insert(words.end(), rest.begin(), rest.end());
  return WordBytes(words);
}

class Multiboot2Builder {
 public:
  Multiboot2Builder& Architecture(uint32_t architecture) {
    architecture_ = architecture;
    return *this;
  }
  // `words`: the tag behind its type, flags and size.
  Multiboot2Builder& Tag(uint16_t type, uint16_t flags, const std::vector<uint32_t>& words = {}) {
    AppendWord(tags_, type | uint32_t{flags} << 16);
    AppendWord(tags_, static_cast<uint32_t>(8 + words.size() * 4));
    for (const uint32_t word : words) AppendWord(tags_, word);
    if (words.size() % 2 != 0) AppendWord(tags_, 0);
    return *this;
  }
  // Any bytes instead of a tag.
  Multiboot2Builder& Words(const std::vector<uint32_t>& words) {
    for (const uint32_t word : words) AppendWord(tags_, word);
    return *this;
  }
  Multiboot2Builder& NoEndTag() {
    end_tag_ = false;
    return *this;
  }
  Multiboot2Builder& Length(uint32_t length) {
    length_ = length;
    return *this;
  }

  std::vector<std::byte> Build() const {
    std::vector<std::byte> tags = tags_;
    if (end_tag_) {
      AppendWord(tags, 0);
      AppendWord(tags, 8);
    }
    const uint32_t length = length_ != 0 ? length_ : static_cast<uint32_t>(16 + tags.size());
    std::vector<std::byte> bytes =
        WordBytes({0xe85250d6, architecture_, length, 0u - 0xe85250d6u - architecture_ - length});
    bytes.insert(bytes.end(), tags.begin(), tags.end());
    return bytes;
  }

 private:
  uint32_t architecture_ = 0;
  uint32_t length_ = 0;
  bool end_tag_ = true;
  std::vector<std::byte> tags_;
};

// `size` bytes that count up, with `header` at `offset`.
inline std::vector<std::byte> FileWith(const std::vector<std::byte>& header, size_t offset, size_t size) {
  std::vector<std::byte> file(size);
  for (size_t i = 0; i < size; ++i) file[i] = static_cast<std::byte>(i * 7 + i / 256 + 1);
  std::memcpy(file.data() + offset, header.data(), header.size());
  return file;
}

}  // namespace kexec::testing
