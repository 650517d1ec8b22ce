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

// A stream from its header to its footer.
struct Stream {
  uint64_t size;
  uint64_t unpacked;
};

// The stream that starts with `bytes`, if it ends at `end`. `looked_at_index` tells whether that cost more
// than a look at the footer.
std::optional<Stream> StreamEndingAt(Bytes bytes, uint64_t end, bool& looked_at_index) {
  looked_at_index = false;
  if (end < kHeaderSize + kFooterSize || end % 4 != 0) return std::nullopt;
  const uint64_t footer_offset = end - kFooterSize;
  const auto footer = ReadAt<Footer>(bytes, footer_offset);
  if (!footer || footer->magic[0] != 'Y' || footer->magic[1] != 'Z') return std::nullopt;
  if (footer->crc != Crc(bytes.subspan(footer_offset + 4, 6))) return std::nullopt;
  const uint64_t index_size = (uint64_t{footer->backward_size} + 1) * 4;
  if (index_size > footer_offset - kHeaderSize) return std::nullopt;
  looked_at_index = true;
  const uint64_t blocks_size = footer_offset - index_size - kHeaderSize;
  const auto blocks = SumOfBlocks(bytes.subspan(footer_offset - index_size, index_size), blocks_size);
  if (!blocks || blocks->stored != blocks_size) return std::nullopt;
  return Stream{end, blocks->unpacked.bytes()};
}

// Something follows the stream, or it is cut short: searches all of it for a footer. Gives up after some that
// look right but are not, so that a hostile file cannot make this quadratic.
std::optional<Stream> SearchStream(Bytes bytes) {
  unsigned tries = 64;
  bool looked_at_index = false;
  for (uint64_t end = kHeaderSize + kFooterSize; end <= bytes.size() && tries > 0; end += 4) {
    if (bytes[end - 1] != std::byte{'Z'} || bytes[end - 2] != std::byte{'Y'}) continue;
    if (const auto stream = StreamEndingAt(bytes, end, looked_at_index)) return stream;
    if (looked_at_index) --tries;
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

}  // namespace

Extent MeasureXz(const Candidate& archive) {
  const Bytes bytes = archive.bytes;
  if (bytes.size() < kHeaderSize) return {bytes.size(), Completeness::kTruncated, "ends inside its header"};
  bool looked_at_index = false;
  auto stream = StreamEndingAt(bytes, archive.NonzeroSize(), looked_at_index);
  if (!stream) stream = SearchStream(bytes);
  if (!stream) return {bytes.size(), Completeness::kTruncated, "ends without its index and footer"};
  return {stream->size, Completeness::kComplete, OddCheck(bytes), UnpackedBytes{stream->unpacked, true}};
}

}  // namespace kexec
