// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes for initrds: cpio archives made here, gzip by zlib, pieces put together.
#pragma once

#include <fmt/format.h>
#include <zlib.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"

namespace kexec::testing {

using ByteVector = std::vector<std::byte>;

inline ByteVector BytesOf(std::string_view text) {
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::string AsText(const ByteVector& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline ByteVector operator+(ByteVector a, const ByteVector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline ByteVector Zeros(size_t size) { return ByteVector(size); }

inline ByteVector Cut(const ByteVector& bytes, size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

// A cpio archive in the "newc" format, member by member.
class CpioBuilder {
 public:
  explicit CpioBuilder(std::string_view magic = "070701") : magic_(magic) {}

  CpioBuilder& File(std::string_view name, std::string_view data) {
    AppendText(fmt::format("{}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
                           magic_, 1, 0100644, 0, 0, 1, 0, data.size(), 0, 0, 0, 0, name.size() + 1, 0));
    AppendText(name);
    bytes_.push_back({});
    Pad(4);
    AppendText(data);
    Pad(4);
    return *this;
  }
  CpioBuilder& Trailer() { return File("TRAILER!!!", ""); }
  CpioBuilder& Pad(size_t multiple) {
    bytes_.resize((bytes_.size() + multiple - 1) / multiple * multiple);
    return *this;
  }
  ByteVector Build() const { return bytes_; }

 private:
  void AppendText(std::string_view text) { bytes_ = std::move(bytes_) + BytesOf(text); }

  std::string_view magic_;
  ByteVector bytes_;
};

// A small complete archive.
inline ByteVector SmallCpio() { return CpioBuilder().File("init", "#!/bin/sh\n").Trailer().Build(); }

// `data` as gzip(1) would write it.
inline ByteVector Gzip(const ByteVector& data) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  ByteVector out(deflateBound(&stream, data.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace kexec::testing
