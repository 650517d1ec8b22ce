// SPDX-License-Identifier: LGPL-2.1-or-later
// xz (xz-file-format.txt) and .lzma (lzma-file-format.txt) by liblzma, with all filters and integrity checks
// it has.
#include <fmt/format.h>
#include <lzma.h>

#include "loaders/compress/codec.h"
#include "loaders/compress/stream.h"

namespace kexec {
namespace {

// liblzma has codes, no words.
std::string Words(lzma_ret status) {
  switch (status) {
    case LZMA_FORMAT_ERROR:
      return "no such header";
    case LZMA_OPTIONS_ERROR:
      return "unknown options";
    case LZMA_DATA_ERROR:
      return "corrupt data";
    default:
      return fmt::format("liblzma error {}", static_cast<int>(status));
  }
}

class LzmaDecoder final : public StreamDecoder {
 public:
  LzmaDecoder(ArchiveFormat format, uint64_t memory) : memory_(memory) {
    status_ = format == ArchiveFormat::kLzma
                  ? lzma_alone_decoder(&stream_, memory)
                  : lzma_stream_decoder(&stream_, memory, LZMA_TELL_UNSUPPORTED_CHECK);
  }
  LzmaDecoder(const LzmaDecoder&) = delete;
  LzmaDecoder& operator=(const LzmaDecoder&) = delete;
  ~LzmaDecoder() override { lzma_end(&stream_); }

  DecodeStep Decode(Bytes input, std::span<std::byte> room) override {
    if (status_ != LZMA_OK)
      return {.state = DecodeStep::State::kRefused, .problem = "liblzma gets no memory"};
    stream_.next_in = reinterpret_cast<const uint8_t*>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = reinterpret_cast<uint8_t*>(room.data());
    stream_.avail_out = room.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    DecodeStep step{.read = input.size() - stream_.avail_in, .written = room.size() - stream_.avail_out};
    Judge(status, step);
    return step;
  }

 private:
  void Judge(lzma_ret status, DecodeStep& step) {
    switch (status) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:
        return;
      case LZMA_STREAM_END:
        step.state = DecodeStep::State::kEnd;
        return;
      case LZMA_MEMLIMIT_ERROR:
        step.state = DecodeStep::State::kRefused;
        step.problem = fmt::format("needs {} bytes of memory to unpack, more than the {} allowed",
                                   lzma_memusage(&stream_), memory_);
        return;
      case LZMA_MEM_ERROR:
        step.state = DecodeStep::State::kRefused;
        step.problem =
            fmt::format("cannot get the {} bytes of memory it takes to unpack", lzma_memusage(&stream_));
        return;
      case LZMA_UNSUPPORTED_CHECK:
        step.state = DecodeStep::State::kRefused;
        step.problem = "has an unknown integrity check";
        return;
      default:
        step.state = DecodeStep::State::kDamaged;
        step.problem = Words(status);
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  uint64_t memory_;
  lzma_ret status_;
};

}  // namespace

Result<uint64_t> DecodeXz(Bytes file, uint64_t begin, Output& output, const DecompressLimits& limits) {
  LzmaDecoder decoder(ArchiveFormat::kXz, limits.memory);
  return DecodeStream(decoder, file, begin, output);
}

Result<uint64_t> DecodeLzma(Bytes file, uint64_t begin, Output& output, const DecompressLimits& limits) {
  LzmaDecoder decoder(ArchiveFormat::kLzma, limits.memory);
  return DecodeStream(decoder, file, begin, output);
}

std::string LiblzmaVersion() { return lzma_version_string(); }

}  // namespace kexec
