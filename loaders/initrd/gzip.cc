// SPDX-License-Identifier: LGPL-2.1-or-later
// gzip (RFC 1952): a header, a deflate stream that only inflating measures, CRC-32 and length of the
// original.
#define ZLIB_CONST  // next_in points to const
#include <zlib.h>

#include <algorithm>
#include <vector>

#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr uint64_t kSmallest = 10 + 2 + 8;  // header, empty deflate stream, trailer

// See GzipCheck::kTrailer. Deflate grows data that does not compress by 5 bytes in 16 KiB, below 1/1024.
bool TrailerFits(Bytes file) {
  const auto original_size = ReadAt<Le<uint32_t>>(file, file.size() - 4);
  const uint64_t smallest = file.size() - file.size() / 1024 - std::min<uint64_t>(file.size(), 512);
  return original_size && *original_size % 512 == 0 && *original_size != 0 && *original_size >= smallest &&
         *original_size / 32 <= file.size();
}

// inflateInit2 and inflateEnd as one object.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }  // 15: any window; 16: gzip, not zlib
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

Extent Inflate(const Candidate& archive) {
  Inflater inflater;
  const uint64_t all = archive.bytes.size();
  if (!inflater.ready()) return {all, Completeness::kUnchecked, {}};
  z_stream& stream = inflater.stream();
  std::vector<std::byte>& dropped = archive.file.scratch;
  dropped.resize(size_t{256} << 10);
  constexpr uint64_t kStep = uint64_t{1} << 30;  // zlib counts in 32 bits
  uint64_t given = 0;
  for (;;) {
    if (stream.avail_in == 0 && given < all) {
      const Bytes part = archive.bytes.subspan(given, std::min(kStep, all - given));
      stream.next_in = reinterpret_cast<const Bytef*>(part.data());
      stream.avail_in = static_cast<uInt>(part.size());
      given += part.size();
    }
    stream.next_out = reinterpret_cast<Bytef*>(dropped.data());
    stream.avail_out = static_cast<uInt>(dropped.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const uint64_t unpacked = dropped.size() - stream.avail_out;
    if (unpacked > archive.file.inflate_left) {
      return {all, Completeness::kUnchecked, "unpacks to more than is looked at",
              UnpackedBytes{stream.total_out, false}};
    }
    archive.file.inflate_left -= unpacked;
    const uint64_t used = given - stream.avail_in;
    if (status == Z_STREAM_END)
      return {used, Completeness::kComplete, {}, UnpackedBytes{stream.total_out, true}};
    if (status == Z_OK && (stream.avail_in != 0 || given < all || stream.avail_out == 0)) continue;
    if (status == Z_OK || status == Z_BUF_ERROR) {
      return {all, Completeness::kTruncated, "ends inside its compressed data"};
    }
    if (status == Z_MEM_ERROR) return {all, Completeness::kUnchecked, {}};
    return {all, Completeness::kDamaged,
            fmt::format("cannot be inflated at {:#x} ({})", archive.offset + used,
                        stream.msg != nullptr ? stream.msg : "it needs a dictionary")};
  }
}

}  // namespace

Extent MeasureGzip(const Candidate& archive, GzipCheck check) {
  const uint64_t size = archive.bytes.size();
  if (size < kSmallest) return {size, Completeness::kTruncated, "ends inside its header"};
  if (check == GzipCheck::kTrailer && TrailerFits(archive.bytes)) {
    // The length modulo 2^32; one that is too small for the file did not fit and was inflated.
    const uint64_t original_size = *ReadAt<Le<uint32_t>>(archive.bytes, size - 4);
    return {size, Completeness::kLikely, {}, UnpackedBytes{original_size, true}};
  }
  return Inflate(archive);
}

}  // namespace kexec
