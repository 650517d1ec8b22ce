// SPDX-License-Identifier: LGPL-2.1-or-later
// gzip (RFC 1952) by zlib, which checks the CRC-32 and the length.
#define ZLIB_CONST  // next_in points to const
#include <zlib.h>

#include "loaders/compress/codec.h"
#include "loaders/compress/stream.h"

namespace kexec {
namespace {

class GzipDecoder final : public StreamDecoder {
 public:
  GzipDecoder() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }  // 15: any window; 16: gzip, not zlib
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }

  DecodeStep Decode(Bytes input, std::span<std::byte> room) override {
    if (!ready_) return {.state = DecodeStep::State::kRefused, .problem = "zlib gets no memory"};
    stream_.next_in = reinterpret_cast<const Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    DecodeStep step{.read = input.size() - stream_.avail_in, .written = room.size() - stream_.avail_out};
    if (status == Z_STREAM_END) step.state = DecodeStep::State::kEnd;
    if (status == Z_STREAM_END || status == Z_OK || status == Z_BUF_ERROR) return step;
    step.state = status == Z_MEM_ERROR ? DecodeStep::State::kRefused : DecodeStep::State::kDamaged;
    step.problem = stream_.msg != nullptr ? stream_.msg : zError(status);
    return step;
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

Result<uint64_t> DecodeGzip(Bytes file, uint64_t begin, Output& output, const DecompressLimits&) {
  GzipDecoder decoder;
  return DecodeStream(decoder, file, begin, output);
}

std::string ZlibVersion() { return zlibVersion(); }

}  // namespace kexec
