// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/decompress.h"

#include <algorithm>
#include <iterator>

#include "loaders/compress/codec.h"
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

struct Codec {
  ArchiveFormat format;
  DecodeFunction* decode;
  bool joins;  // one stream may follow another
  std::string_view library;
  std::string (*version)();
};

// Every format RecogniseArchive tells but cpio.
constexpr Codec kCodecs[] = {
    {ArchiveFormat::kGzip, DecodeGzip, true, "zlib", ZlibVersion},
    {ArchiveFormat::kXz, DecodeXz, true, "liblzma", LiblzmaVersion},
    {ArchiveFormat::kLzma, DecodeLzma, false, "liblzma", LiblzmaVersion},
    {ArchiveFormat::kZstd, DecodeZstd, true, "libzstd", LibzstdVersion},
    {ArchiveFormat::kLz4Legacy, DecodeLz4Legacy, true, "liblz4", Liblz4Version},
    {ArchiveFormat::kLz4Frame, DecodeLz4Frame, true, "liblz4", Liblz4Version},
    {ArchiveFormat::kBzip2, DecodeBzip2, true, "libbz2", Libbz2Version},
    {ArchiveFormat::kLzop, DecodeLzop, true, "liblzo2", Liblzo2Version},
};

// Two bytes of magic are too few to call a file lzma. The rest of its header, as the tools write it: a
// dictionary of 64 KiB or more, and a size that is unknown (all ones) or below 256 GiB (lzma-file-format.txt,
// 1.1.3).
bool LooksLikeLzma(Bytes file) {
  constexpr uint64_t kHeaderSize = 1 + 4 + 8;
  const auto dictionary = ReadAt<Le<uint32_t>>(file, 1);
  const auto size = ReadAt<Le<uint64_t>>(file, 1 + 4);
  return file.size() >= kHeaderSize && *dictionary >= 1 << 16 && *dictionary % (1 << 16) == 0 &&
         (*size == UINT64_MAX || *size < uint64_t{1} << 38);
}

const Codec* FindCodec(Bytes file) {
  const ArchiveFormat format = RecogniseArchive(file);
  if (format == ArchiveFormat::kLzma && !LooksLikeLzma(file)) return nullptr;
  const auto codec = std::ranges::find(kCodecs, format, &Codec::format);
  return codec == std::end(kCodecs) ? nullptr : codec;
}

// Behind the zeros from `offset` on.
uint64_t SkipZeros(Bytes file, uint64_t offset) {
  while (offset < file.size() && file[offset] == std::byte{0}) ++offset;
  return offset;
}

// All streams from the file's start on; answers where they and their padding end.
Result<uint64_t> DecodeStreams(const Codec& codec, Bytes file, Output& output,
                               const DecompressLimits& limits) {
  uint64_t offset = 0;
  size_t streams = 0;
  do {
    if (++streams > kMaxArchives) {
      return Fail(Errc::kUnsupported, "more than {} streams, one behind the other", kMaxArchives);
    }
    KEXEC_ASSIGN(offset, codec.decode(file, offset, output, limits));
    if (HoldsAppendedSize(file, offset, output.size())) return file.size();
    offset = SkipZeros(file, offset);
  } while (codec.joins && FindCodec(file.subspan(offset)) == &codec);
  return offset;
}

}  // namespace

bool HoldsAppendedSize(Bytes file, uint64_t offset, uint64_t unpacked_size) {
  const auto size = ReadAt<Le<uint32_t>>(file, offset);
  return size && file.size() - offset == sizeof(uint32_t) && *size == unpacked_size;
}

Result<uint64_t> DecodeOneStream(Bytes file, uint64_t begin, Output& output, const DecompressLimits& limits) {
  const Codec* codec = FindCodec(file.subspan(begin));
  if (codec == nullptr) return Fail(Errc::kNotRecognised, "not compressed in a known format");
  return codec->decode(file, begin, output, limits);
}

std::optional<ArchiveFormat> IdentifyCompression(Bytes file) {
  const Codec* codec = FindCodec(file);
  return codec == nullptr ? std::nullopt : std::optional(codec->format);
}

Result<Decompressed> Decompress(Bytes file, const DecompressLimits& limits) {
  const Codec* codec = FindCodec(file);
  if (codec == nullptr) return Fail(Errc::kNotRecognised, "not compressed in a known format");
  // Kernels shrink to a third or a fifth.
  const uint64_t most = limits.OutputOf(file.size());
  Output output(most, std::min(most, file.size() * uint64_t{4}));
  KEXEC_ASSIGN(const uint64_t used, DecodeStreams(*codec, file, output, limits));
  return Decompressed{output.Take(), codec->format, used, file.size() - used};
}

std::string CompressionSupport() {
  std::string text;
  for (const Codec& codec : kCodecs) {
    text += fmt::format("{}{} ({} {})", text.empty() ? "" : ", ", ArchiveFormatName(codec.format),
                        codec.library, codec.version());
  }
  return text;
}

}  // namespace kexec
