// SPDX-License-Identifier: LGPL-2.1-or-later
// bzip2 by libbz2.
#include <bzlib.h>
#include <fmt/format.h>

#include "loaders/compress/codec.h"
#include "loaders/compress/stream.h"

namespace kexec {
namespace {

std::string Words(int status) {
  switch (status) {
    case BZ_DATA_ERROR:
      return "corrupt data";
    case BZ_DATA_ERROR_MAGIC:
      return "no such header";
    default:
      return fmt::format("libbz2 error {}", status);
  }
}

class Bzip2Decoder final : public StreamDecoder {
 public:
  Bzip2Decoder() { ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;
  ~Bzip2Decoder() override {
    if (ready_) BZ2_bzDecompressEnd(&stream_);
  }

  DecodeStep Decode(Bytes input, std::span<std::byte> room) override {
    if (!ready_) return {.state = DecodeStep::State::kRefused, .problem = "libbz2 gets no memory"};
    // The interface is older than const; the library only reads.
    stream_.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(input.data()));
    stream_.avail_in = static_cast<unsigned>(input.size());
    stream_.next_out = reinterpret_cast<char*>(room.data());
    stream_.avail_out = static_cast<unsigned>(room.size());
    const int status = BZ2_bzDecompress(&stream_);
    DecodeStep step{.read = input.size() - stream_.avail_in, .written = room.size() - stream_.avail_out};
    if (status == BZ_STREAM_END) step.state = DecodeStep::State::kEnd;
    if (status == BZ_STREAM_END || status == BZ_OK) return step;
    step.state = status == BZ_MEM_ERROR ? DecodeStep::State::kRefused : DecodeStep::State::kDamaged;
    step.problem = status == BZ_MEM_ERROR ? "libbz2 gets no memory" : Words(status);
    return step;
  }

 private:
  bz_stream stream_{};
  bool ready_ = false;
};

}  // namespace

Result<uint64_t> DecodeBzip2(Bytes file, uint64_t begin, Output& output, const DecompressLimits&) {
  Bzip2Decoder decoder;
  return DecodeStream(decoder, file, begin, output);
}

std::string Libbz2Version() {
  const std::string words = BZ2_bzlibVersion();  // "1.0.8, 13-Jul-2019"
  return words.substr(0, words.find(','));
}

}  // namespace kexec
