// SPDX-License-Identifier: LGPL-2.1-or-later
// Zstandard (RFC 8878): a frame is a header, blocks that each tell their size, and perhaps a checksum.
// Skippable frames tell their size at once.
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr uint32_t kFrameMagic = 0xfd2fb528;  // 3.1.1

struct BlockHeader {  // 3.1.1.2
  uint8_t raw[3];
  uint32_t value() const { return raw[0] | uint32_t{raw[1]} << 8 | uint32_t{raw[2]} << 16; }
  bool last() const { return (value() & 1) != 0; }
  uint32_t type() const { return value() >> 1 & 3; }
  uint32_t size() const { return value() >> 3; }
};

// 3.1.1.1: bytes in the frame header after its descriptor.
uint64_t FrameHeaderRest(uint8_t descriptor) {
  constexpr uint64_t kDictionaryIdSize[] = {0, 1, 2, 4};
  constexpr uint64_t kContentSizeSize[] = {0, 2, 4, 8};
  const bool single_segment = (descriptor & 0x20) != 0;
  uint64_t content_size_size = kContentSizeSize[descriptor >> 6];
  if (single_segment && content_size_size == 0) content_size_size = 1;
  return (single_segment ? 0 : 1) + kDictionaryIdSize[descriptor & 3] + content_size_size;
}

Extent MeasureFrame(Cursor& cursor) {
  const auto descriptor = cursor.Take<uint8_t>();
  if (!descriptor || !cursor.Skip(FrameHeaderRest(*descriptor))) return cursor.EndsInside("its header");
  for (;;) {
    const uint64_t block_offset = cursor.file_offset();
    const auto block = cursor.Take<BlockHeader>();
    if (!block) return cursor.EndsInside("the header of a block");
    if (block->type() == 3) {  // reserved
      return cursor.Bad(Completeness::kDamaged,
                        fmt::format("has a block of unknown type at {:#x}", block_offset));
    }
    const uint64_t stored = block->type() == 1 ? 1 : block->size();  // type 1: one byte, repeated
    if (!cursor.Skip(stored)) return cursor.EndsInside("a block");
    if (block->last()) break;
  }
  const bool has_checksum = (*descriptor & 0x04) != 0;
  if (has_checksum && !cursor.Skip(4)) return cursor.EndsInside("its checksum");
  return cursor.Complete();
}

}  // namespace

Extent MeasureZstd(const Candidate& archive) {
  Cursor cursor(archive);
  const auto magic = cursor.Take<Le<uint32_t>>();
  if (!magic) return cursor.EndsInside("its header");
  if (*magic == kFrameMagic) return MeasureFrame(cursor);
  const auto size = cursor.Take<Le<uint32_t>>();
  if (!size || !cursor.Skip(*size)) return cursor.EndsInside("a skippable frame");
  return cursor.Complete();
}

}  // namespace kexec
