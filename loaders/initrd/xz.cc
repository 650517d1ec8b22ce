// SPDX-License-Identifier: LGPL-2.1-or-later
// xz (xz-file-format.txt 1.2.0): a stream is a header, blocks, an index of the blocks and a footer that tells
// the index's size. Read from its end, index and footer prove the whole stream's length without touching the
// blocks.
#include <zlib.h>

#include <algorithm>

#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr uint64_t kHeaderSize = 12;  // 2.1.1
constexpr uint64_t kFooterSize = 12;  // 2.1.2

struct Footer {
  Le<uint32_t> crc;  // of the next two
  Le<uint32_t> backward_size;
  uint8_t flags[2];
  char magic[2];  // "YZ"
};
static_assert(sizeof(Footer) == kFooterSize);

uint32_t Crc(Bytes bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// 1.2: up to nine bytes of seven bits each, the lowest first. Advances `position`.
std::optional<uint64_t> TakeNumber(Bytes bytes, uint64_t& position) {
  uint64_t number = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    const auto byte = ReadAt<uint8_t>(bytes, position);
    if (!byte) return std::nullopt;
    ++position;
    number |= uint64_t{*byte & 0x7fU} << shift;
    if ((*byte & 0x80) == 0) return number;
  }
  return std::nullopt;
}

// What an index lists, added up.
struct Blocks {
  uint64_t stored = 0;
  ClaimedSum unpacked;
};

// 4.: nullopt if it is not a sound index or its blocks take more than `limit`.
std::optional<Blocks> SumOfBlocks(Bytes index, uint64_t limit) {
  if (index.size() < 8 || index[0] != std::byte{0}) return std::nullopt;
  const Bytes body = index.first(index.size() - 4);
  if (*ReadAt<Le<uint32_t>>(index, body.size()) != Crc(body)) return std::nullopt;
  uint64_t position = 1;
  const auto count = TakeNumber(body, position);
  if (!count) return std::nullopt;
  Blocks blocks;
  for (uint64_t i = 0; i < *count; ++i) {
    const auto unpadded = TakeNumber(body, position);
    const auto unpacked = TakeNumber(body, position);
    if (!unpadded || !unpacked || *unpadded > limit - blocks.stored) return std::nullopt;
    const uint64_t padding = (4 - *unpadded % 4) % 4;
    if (padding > limit - blocks.stored - *unpadded) return std::nullopt;
    blocks.stored += *unpadded + padding;
    blocks.unpacked.Add(*unpacked);
  }
  return blocks;
}

// The stream that ends at `end` of `bytes`, by its footer and index. nullopt, too, once `index_left` is used
// up.
std::optional<XzStream> StreamEndingAt(Bytes bytes, uint64_t end, uint64_t& index_left) {
  if (end < kHeaderSize + kFooterSize) return std::nullopt;
  const uint64_t footer_offset = end - kFooterSize;
  const auto footer = ReadAt<Footer>(bytes, footer_offset);
  if (!footer || footer->magic[0] != 'Y' || footer->magic[1] != 'Z') return std::nullopt;
  if (footer->crc != Crc(bytes.subspan(footer_offset + 4, 6))) return std::nullopt;
  const uint64_t index_size = (uint64_t{footer->backward_size} + 1) * 4;
  if (index_size > footer_offset - kHeaderSize) return std::nullopt;
  if (index_size > index_left) {
    index_left = 0;
    return std::nullopt;
  }
  index_left -= index_size;
  const uint64_t most = footer_offset - index_size - kHeaderSize;
  const auto blocks = SumOfBlocks(bytes.subspan(footer_offset - index_size, index_size), most);
  if (!blocks) return std::nullopt;
  return XzStream{kHeaderSize + blocks->stored + index_size + kFooterSize, blocks->unpacked.bytes()};
}

// The stream that begins with `archive`, if it ends with the file.
std::optional<XzStream> StreamToTheEnd(const Candidate& archive) {
  auto& at_end = archive.file.xz_at_end;
  const uint64_t size = archive.NonzeroSize();
  if (!at_end) at_end = StreamEndingAt(archive.bytes, size, archive.file.xz_index_left);
  return *at_end && (*at_end)->size == size ? *at_end : std::nullopt;
}

// Something follows the stream, or it is cut short: searches all of it for a footer.
std::optional<XzStream> SearchStream(const Candidate& archive) {
  const Bytes bytes = archive.bytes;
  uint64_t& left = archive.file.xz_index_left;
  for (uint64_t end = kHeaderSize + kFooterSize; end <= bytes.size() && left > 0; end += 4) {
    if (bytes[end - 1] != std::byte{'Z'} || bytes[end - 2] != std::byte{'Y'}) continue;
    const auto stream = StreamEndingAt(bytes, end, left);
    if (stream && stream->size == end) return stream;
  }
  return std::nullopt;
}

// 2.1.1.2; what the kernel takes: Documentation/staging/xz.rst.
std::string OddCheck(Bytes bytes) {
  constexpr unsigned kCrc32 = 1;
  const unsigned check = std::to_integer<unsigned>(bytes[7]) & 0xf;
  if (check <= kCrc32) return {};
  return fmt::format("uses the integrity check {}, which the kernel does not take (use xz --check=crc32)",
                     check == 4    ? "CRC-64"
                     : check == 10 ? "SHA-256"
                                   : fmt::format("number {}", check));
}

// 3.1: the filters of the first block; what the kernel takes: dec_block_header() in lib/xz/xz_dec_stream.c,
// which knows LZMA2, alone or behind one BCJ filter without properties.
std::string OddFilters(Bytes bytes) {
  constexpr uint64_t kLzma2 = 0x21;
  constexpr std::string_view kUse = "(use xz --check=crc32 --lzma2)";
  const auto size = ReadAt<uint8_t>(bytes, kHeaderSize);
  const auto flags = ReadAt<uint8_t>(bytes, kHeaderSize + 1);
  if (!size || !flags || *size == 0) return {};  // 0: no block but the index
  const Bytes header = bytes.first(std::min<uint64_t>(bytes.size(), kHeaderSize + (*size + 1U) * 4));
  uint64_t position = kHeaderSize + 2;
  if ((*flags & 0x40) != 0 && !TakeNumber(header, position)) return {};  // compressed size
  if ((*flags & 0x80) != 0 && !TakeNumber(header, position)) return {};  // uncompressed size
  const unsigned filters = (*flags & 3U) + 1;
  if (filters > 2)
    return fmt::format("has a chain of {} filters, the kernel takes at most 2 {}", filters, kUse);
  const auto first = TakeNumber(header, position);
  const auto properties = TakeNumber(header, position);
  if (!first || !properties || *first == kLzma2) return {};
  if (*first < 4 || *first > 11) {
    return fmt::format("uses the filter {}, which the kernel does not take {}",
                       *first == 3 ? "delta" : fmt::format("number {:#x}", *first), kUse);
  }
  if (*properties != 0)
    return fmt::format("uses a filter with a start offset, which the kernel does not take {}", kUse);
  if (*first < 10) return {};
  return fmt::format("uses the {} filter, which kernels before Linux 6.12 do not take {}",
                     *first == 10 ? "ARM64" : "RISC-V", kUse);
}

std::string Oddity(Bytes bytes) {
  std::string check = OddCheck(bytes);
  return check.empty() ? OddFilters(bytes) : check;
}

}  // namespace

Extent MeasureXz(const Candidate& archive) {
  const Bytes bytes = archive.bytes;
  if (bytes.size() < kHeaderSize) return {bytes.size(), Completeness::kTruncated, "ends inside its header"};
  auto stream = StreamToTheEnd(archive);
  if (!stream) stream = SearchStream(archive);
  if (!stream && archive.file.xz_index_left == 0) {
    return {bytes.size(), Completeness::kDamaged, "is followed by more false footers than are looked into"};
  }
  if (!stream) return {bytes.size(), Completeness::kTruncated, "ends without its index and footer"};
  return {stream->size, Completeness::kComplete, Oddity(bytes), UnpackedBytes{stream->unpacked, true}};
}

}  // namespace kexec
