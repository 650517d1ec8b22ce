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

constexpr uint64_t kBlockMax = 128 << 10;  // 3.1.1.2.3: no block holds more

// 3.1.1.1.4: Frame_Content_Size, which takes `size` bytes; nullopt if the frame has none or ends before.
std::optional<uint64_t> TakeContentSize(Cursor& cursor, uint64_t size) {
  if (size == 1) return cursor.Take<uint8_t>();
  if (size == 2) {
    const auto value = cursor.Take<Le<uint16_t>>();
    return value ? std::optional(uint64_t{*value} + 256) : std::nullopt;
  }
  if (size == 4) return cursor.Take<Le<uint32_t>>();
  return cursor.Take<Le<uint64_t>>();
}

struct FrameHeader {
  bool has_checksum;
  std::optional<uint64_t> content_size;
  uint64_t window;
  bool needs_dictionary;
};

// What the kernel allows (ZSTD_MAXWINDOWSIZE_DEFAULT in lib/zstd/decompress/zstd_decompress.c).
constexpr uint64_t kMaxWindow = (uint64_t{1} << 27) + 1;

// 3.1.1.1.2
uint64_t WindowOf(uint8_t descriptor) {
  const uint64_t base = uint64_t{1} << (10 + (descriptor >> 3));
  return base + base / 8 * (descriptor & 7U);
}

// 3.1.1.1.3: true if the `size` bytes of Dictionary_ID name one; nullopt if they are cut off.
std::optional<bool> TakeDictionaryId(Cursor& cursor, uint64_t size) {
  bool named = false;
  for (uint64_t i = 0; i < size; ++i) {
    const auto byte = cursor.Take<uint8_t>();
    if (!byte) return std::nullopt;
    named = named || *byte != 0;
  }
  return named;
}

// Why the kernel's decoder (lib/decompress_unzstd.c) fails on a sound frame; empty if it does not.
std::string OddFrame(const FrameHeader& header) {
  if (header.needs_dictionary) {
    return "needs a dictionary, which the kernel does not have: it unpacks neither this nor what follows "
           "(compress without zstd -D)";
  }
  if (header.window > kMaxWindow) {
    return fmt::format(
        "needs a window of {} MiB, the kernel takes at most 128 MiB and unpacks neither this nor what "
        "follows (use zstd --long=27 or less)",
        header.window >> 20);
  }
  return {};
}

// 3.1.1.1; nullopt if it is cut off.
std::optional<FrameHeader> TakeFrameHeader(Cursor& cursor) {
  constexpr uint64_t kDictionaryIdSize[] = {0, 1, 2, 4};
  constexpr uint64_t kContentSizeSize[] = {0, 2, 4, 8};
  const auto descriptor = cursor.Take<uint8_t>();
  if (!descriptor) return std::nullopt;
  const bool single_segment = (*descriptor & 0x20) != 0;
  uint64_t content_size_size = kContentSizeSize[*descriptor >> 6];
  if (single_segment && content_size_size == 0) content_size_size = 1;
  FrameHeader header{(*descriptor & 0x04) != 0, std::nullopt, 0, false};
  if (!single_segment) {
    const auto window = cursor.Take<uint8_t>();
    if (!window) return std::nullopt;
    header.window = WindowOf(*window);
  }
  const auto needs_dictionary = TakeDictionaryId(cursor, kDictionaryIdSize[*descriptor & 3]);
  if (!needs_dictionary) return std::nullopt;
  header.needs_dictionary = *needs_dictionary;
  if (content_size_size == 0) return header;
  header.content_size = TakeContentSize(cursor, content_size_size);
  if (!header.content_size) return std::nullopt;
  if (single_segment) header.window = *header.content_size;
  return header;
}

Extent MeasureFrame(Cursor& cursor) {
  const auto header = TakeFrameHeader(cursor);
  if (!header) return cursor.EndsInside("its header");
  ClaimedSum at_most;
  for (;;) {
    const uint64_t block_offset = cursor.file_offset();
    const auto block = cursor.Take<BlockHeader>();
    if (!block) return cursor.EndsInside("the header of a block");
    if (block->type() == 3) {  // reserved
      return cursor.Bad(Completeness::kDamaged,
                        fmt::format("has a block of unknown type at {:#x}", block_offset));
    }
    const uint64_t stored = block->type() == 1 ? 1 : block->size();  // type 1: one byte, repeated
    at_most.Add(block->type() == 2 ? kBlockMax : block->size());     // type 2: compressed
    if (!cursor.Skip(stored)) return cursor.EndsInside("a block");
    if (block->last()) break;
  }
  if (header->has_checksum && !cursor.Skip(4)) return cursor.EndsInside("its checksum");
  if (header->content_size) {
    return cursor.Complete(UnpackedBytes{*header->content_size, true}, OddFrame(*header));
  }
  return cursor.Complete(UnpackedBytes{at_most.bytes(), false}, OddFrame(*header));
}

}  // namespace

Extent MeasureZstd(const Candidate& archive) {
  Cursor cursor(archive);
  const auto magic = cursor.Take<Le<uint32_t>>();
  if (!magic) return cursor.EndsInside("its header");
  if (*magic == kFrameMagic) return MeasureFrame(cursor);
  const auto size = cursor.Take<Le<uint32_t>>();
  if (!size || !cursor.Skip(*size)) return cursor.EndsInside("a skippable frame");
  return cursor.Complete(
      UnpackedBytes{0, true},
      "is a skippable frame, which the kernel does not know: it unpacks nothing from there "
      "on (compress with zstd -T0, not pzstd)");
}

}  // namespace kexec
