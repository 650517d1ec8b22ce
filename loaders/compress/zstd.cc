// SPDX-License-Identifier: LGPL-2.1-or-later
// Zstandard (RFC 8878) by libzstd, skippable frames included.
#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>

#include "loaders/compress/codec.h"
#include "loaders/compress/stream.h"

namespace kexec {
namespace {

class ZstdDecoder final : public StreamDecoder {
 public:
  explicit ZstdDecoder(uint64_t memory) : memory_(memory), context_(ZSTD_createDCtx()) {
    // The library's own limit is 2^27; it takes from 2^10 to 2^31. Clipped, it cannot fail.
    const ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
    const int window = static_cast<int>(std::bit_width(memory)) - 1;
    if (context_ != nullptr) {
      ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax,
                             std::clamp(window, bounds.lowerBound, bounds.upperBound));
    }
  }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

  DecodeStep Decode(Bytes input, std::span<std::byte> room) override {
    if (context_ == nullptr)
      return {.state = DecodeStep::State::kRefused, .problem = "libzstd gets no memory"};
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const size_t status = ZSTD_decompressStream(context_, &out, &in);
    DecodeStep step{.read = in.pos, .written = out.pos};
    if (ZSTD_isError(status) == 0) {
      // 0: the frame is decoded, and its last bytes are in `room`.
      if (status == 0) step.state = DecodeStep::State::kEnd;
      return step;
    }
    step.state = DecodeStep::State::kDamaged;
    step.problem = ZSTD_getErrorName(status);
    if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge) {
      step.state = DecodeStep::State::kRefused;
      step.problem = fmt::format("needs a window of more than the {} bytes of memory allowed", memory_);
    }
    return step;
  }

 private:
  uint64_t memory_;
  ZSTD_DCtx* context_;
};

}  // namespace

Result<uint64_t> DecodeZstd(Bytes file, uint64_t begin, Output& output, const DecompressLimits& limits) {
  ZstdDecoder decoder(limits.memory);
  return DecodeStream(decoder, file, begin, output);
}

std::string LibzstdVersion() { return ZSTD_versionString(); }

}  // namespace kexec
