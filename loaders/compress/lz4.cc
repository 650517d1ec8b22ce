// SPDX-License-Identifier: LGPL-2.1-or-later
// LZ4 (doc/lz4_Frame_format.md of the LZ4 project) by liblz4: the legacy format, which the kernel's build
// makes and whose blocks the library decodes one by one, and frames.
#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>

#include "loaders/compress/codec.h"
#include "loaders/compress/stream.h"
#include "loaders/initrd/lz4_legacy.h"

namespace kexec {
namespace {

class Lz4FrameDecoder final : public StreamDecoder {
 public:
  Lz4FrameDecoder() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) context_ = nullptr;
  }
  Lz4FrameDecoder(const Lz4FrameDecoder&) = delete;
  Lz4FrameDecoder& operator=(const Lz4FrameDecoder&) = delete;
  ~Lz4FrameDecoder() override { LZ4F_freeDecompressionContext(context_); }

  DecodeStep Decode(Bytes input, std::span<std::byte> room) override {
    if (context_ == nullptr)
      return {.state = DecodeStep::State::kRefused, .problem = "liblz4 gets no memory"};
    DecodeStep step{.read = input.size(), .written = room.size()};
    const size_t status =
        LZ4F_decompress(context_, room.data(), &step.written, input.data(), &step.read, nullptr);
    if (LZ4F_isError(status) != 0) {
      return {.state = DecodeStep::State::kDamaged, .problem = LZ4F_getErrorName(status)};
    }
    if (status == 0) step.state = DecodeStep::State::kEnd;
    return step;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
};

bool AllZero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

Result<uint64_t> DecodeLz4Frame(Bytes file, uint64_t begin, Output& output, const DecompressLimits&) {
  Lz4FrameDecoder decoder;
  return DecodeStream(decoder, file, begin, output);
}

Result<uint64_t> DecodeLz4Legacy(Bytes file, uint64_t begin, Output& output, const DecompressLimits&) {
  uint64_t offset = begin + sizeof(kLz4LegacyMagic);  // the magic is there
  for (;;) {
    if (offset == file.size() || HoldsAppendedSize(file, offset, output.size())) return offset;
    const auto size = ReadAt<Le<uint32_t>>(file, offset);
    if (!size && AllZero(file.subspan(offset))) return offset;  // padding, too
    if (!size)
      return Fail(Errc::kMalformed, "cut short: the file ends inside the block size at {:#x}", offset);
    // Zeros are padding; the magic begins another such file.
    if (*size == 0 || *size == kLz4LegacyMagic) return offset;
    if (*size > kLz4LegacyStoredMax) {
      return Fail(Errc::kMalformed, "damaged at {:#x} (a block of {:#x} bytes, the format allows {:#x})",
                  offset, *size + 0U, kLz4LegacyStoredMax);
    }
    const auto block = SliceAt(file, offset + sizeof(uint32_t), *size);
    if (!block) {
      return Fail(Errc::kMalformed, "cut short: the block at {:#x} has {:#x} bytes, the file ends at {:#x}",
                  offset, *size + 0U, file.size());
    }
    KEXEC_ASSIGN(const std::span<std::byte> room, output.Room(kLz4LegacyBlock));
    const int written = LZ4_decompress_safe(
        reinterpret_cast<const char*>(block->data()), reinterpret_cast<char*>(room.data()),
        static_cast<int>(block->size()), static_cast<int>(kLz4LegacyBlock));
    if (written < 0) return Fail(Errc::kMalformed, "damaged in the block at {:#x}", offset);
    KEXEC_TRY(output.Commit(static_cast<size_t>(written)));
    offset += sizeof(uint32_t) + *size;  // inside the file
  }
}

std::string Liblz4Version() { return LZ4_versionString(); }

}  // namespace kexec
