// SPDX-License-Identifier: LGPL-2.1-or-later
// LZ4 (doc/lz4_Frame_format.md of the LZ4 project). The kernel unpacks the "legacy" format only: blocks, each
// with its compressed size, up to the end of the file. Frames are measured too, to be able to say why they
// will not boot.
#include "loaders/initrd/lz4_legacy.h"
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr uint64_t kMaxRatio = 255;  // lz4_Block_format.md: one byte can stand for 255 at most

constexpr uint8_t kBlockChecksum = 0x10;  // bits of the frame's FLG byte
constexpr uint8_t kContentSize = 0x08;
constexpr uint8_t kContentChecksum = 0x04;
constexpr uint8_t kDictionaryId = 0x01;
constexpr uint32_t kUncompressed = 0x80000000;  // in a frame block's size

// A length that goes on while its bytes are 255 (lz4_Block_format.md); nullopt if the block ends inside.
std::optional<uint64_t> TakeLength(Bytes block, uint64_t& position, uint64_t start) {
  uint64_t length = start;
  if (start != 15) return length;
  for (;;) {
    if (position >= block.size()) return std::nullopt;
    const uint64_t more = std::to_integer<uint64_t>(block[position++]);
    length += more;  // at most 255 for each byte of the block
    if (more != 255) return length;
  }
}

// What a block unpacks to, found by going from sequence to sequence; nullopt if it is damaged.
std::optional<uint64_t> BlockContent(Bytes block) {
  uint64_t content = 0;
  for (uint64_t position = 0; position < block.size();) {
    const unsigned token = std::to_integer<unsigned>(block[position++]);
    const auto literals = TakeLength(block, position, token >> 4);
    if (!literals || *literals > block.size() - position) return std::nullopt;
    position += *literals;
    content += *literals;
    if (position == block.size()) return content;  // the last sequence has literals only
    if (block.size() - position < 2) return std::nullopt;
    position += 2;  // the offset
    const auto match = TakeLength(block, position, token & 15);
    if (!match) return std::nullopt;
    content += *match + 4;  // the shortest match
  }
  return content;
}

// Adds up what legacy blocks hold: each 8 MiB but the last of a file, which is looked into.
class LegacyContent {
 public:
  void Block(Bytes block) {
    sum_.Add(BoundOf(last_));
    last_ = block;
  }
  UnpackedBytes End() {
    const auto content = BlockContent(last_);
    exact_ = exact_ && content;
    sum_.Add(content.value_or(BoundOf(last_)));
    last_ = {};
    return {sum_.bytes(), exact_};
  }

 private:
  static uint64_t BoundOf(Bytes block) {
    return std::min<uint64_t>(kLz4LegacyBlock, block.size() * kMaxRatio);
  }
  ClaimedSum sum_;
  Bytes last_;
  bool exact_ = true;
};

// The kernel takes whatever follows a block for the next block's size, unless it is zero
// (lib/decompress_unlz4.c).
std::string FollowedBy(Bytes rest, uint64_t offset) {
  return fmt::format(
      "is followed by the {} archive at {:#x} without a gap, which the kernel takes for a block of it and "
      "does not unpack: put 4 zero bytes or more between them, or give that archive as another --initrd",
      ArchiveFormatName(RecogniseArchive(rest)), offset);
}

// Whether a size that a block may have is another archive's magic (gzip's and lzma's are small enough): no
// sound block stands behind it.
bool IsOtherArchive(Bytes rest, uint32_t size) {
  const ArchiveFormat format = RecogniseArchive(rest);
  if (format == ArchiveFormat::kUnknown || format == ArchiveFormat::kLz4Legacy) return false;
  const auto block = SliceAt(rest, sizeof(uint32_t), size);
  return !block || !BlockContent(*block);
}

}  // namespace

Extent MeasureLz4Legacy(const Candidate& archive) {
  Cursor cursor(archive);
  LegacyContent content;
  cursor.Skip(sizeof(kLz4LegacyMagic));
  while (cursor.remaining() != 0) {
    const uint64_t block_offset = cursor.file_offset();
    const auto size = cursor.Peek<Le<uint32_t>>();
    if (size ? *size == 0 : cursor.position() >= archive.NonzeroSize()) break;  // padding
    if (!size) return cursor.EndsInside("the size of a block");
    if (*size != kLz4LegacyMagic && *size > kLz4LegacyStoredMax) {
      if (RecogniseArchive(cursor.rest()) != ArchiveFormat::kUnknown) {
        return cursor.Complete(content.End(), FollowedBy(cursor.rest(), block_offset));
      }
      return cursor.Bad(Completeness::kDamaged,
                        fmt::format("has a block of {:#x} bytes at {:#x}, more than the format allows",
                                    *size + 0U, block_offset));
    }
    if (IsOtherArchive(cursor.rest(), *size)) {
      return cursor.Complete(content.End(), FollowedBy(cursor.rest(), block_offset));
    }
    cursor.Skip(sizeof(uint32_t));
    if (*size == kLz4LegacyMagic) {  // two such files, one behind the other
      content.End();
      continue;
    }
    const Bytes rest = cursor.rest();
    if (!cursor.Skip(*size)) return cursor.EndsInside("a block");
    content.Block(rest.first(*size));
  }
  return cursor.Complete(content.End());
}

Extent MeasureLz4Frame(const Candidate& archive) {
  Cursor cursor(archive);
  cursor.Skip(sizeof(uint32_t));
  const auto flags = cursor.Take<uint8_t>();
  if (!flags) return cursor.EndsInside("its header");
  uint64_t header_rest = 2;  // the BD byte and the header's checksum
  if ((*flags & kContentSize) != 0) header_rest += 8;
  if ((*flags & kDictionaryId) != 0) header_rest += 4;
  if (!cursor.Skip(header_rest)) return cursor.EndsInside("its header");
  for (;;) {
    const auto size = cursor.Take<Le<uint32_t>>();
    if (!size) return cursor.EndsInside("the size of a block");
    if (*size == 0) break;  // end mark
    const uint64_t checksum = (*flags & kBlockChecksum) != 0 ? 4 : 0;
    if (!cursor.Skip(uint64_t{*size & ~kUncompressed} + checksum)) return cursor.EndsInside("a block");
  }
  if ((*flags & kContentChecksum) != 0 && !cursor.Skip(4)) return cursor.EndsInside("its checksum");
  return cursor.Complete(
      std::nullopt, "is an LZ4 frame, which the kernel does not unpack: it takes the legacy format (lz4 -l)");
}

}  // namespace kexec
