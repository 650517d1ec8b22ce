// SPDX-License-Identifier: LGPL-2.1-or-later
// Structures written one little-endian field after the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "kexec/bytes.h"

namespace kexec {

class ByteWriter {
 public:
  template <class T>
  void Put(T value) {
    const Le<T> field(value);
    Append(std::as_bytes(std::span(&field, 1)));
  }
  void Append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void PutText(std::string_view text) {  // with a zero behind it
    Append(std::as_bytes(std::span(text)));
    bytes_.push_back(std::byte{0});
  }
  void AlignTo(size_t boundary) { bytes_.resize((bytes_.size() + boundary - 1) / boundary * boundary); }
  template <class T>
  void Overwrite(size_t offset, T value) {  // what Put has written there
    const Le<T> field(value);
    std::ranges::copy(std::as_bytes(std::span(&field, 1)), bytes_.begin() + static_cast<ptrdiff_t>(offset));
  }
  size_t size() const { return bytes_.size(); }
  std::vector<std::byte> Take() && { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace kexec
