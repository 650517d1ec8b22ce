// SPDX-License-Identifier: LGPL-2.1-or-later
// LZ4 (doc/lz4_Frame_format.md of the LZ4 project). The kernel unpacks the "legacy" format only: blocks, each
// with its compressed size, up to the end of the file. Frames are measured too, to be able to say why they
// will not boot.
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr uint32_t kLegacyMagic = 0x184c2102;
// A legacy block holds up to 8 MiB; what LZ4 makes of data that does not compress is n + n/255 + 16
// (LZ4_compressBound).
constexpr uint32_t kLegacyBlock = 8 << 20;
constexpr uint32_t kLegacyBlockMax = kLegacyBlock + kLegacyBlock / 255 + 16;

constexpr uint8_t kBlockChecksum = 0x10;  // bits of the frame's FLG byte
constexpr uint8_t kContentSize = 0x08;
constexpr uint8_t kContentChecksum = 0x04;
constexpr uint8_t kDictionaryId = 0x01;
constexpr uint32_t kUncompressed = 0x80000000;  // in a frame block's size

}  // namespace

Extent MeasureLz4Legacy(const Candidate& archive) {
  Cursor cursor(archive);
  cursor.Skip(sizeof(kLegacyMagic));
  while (cursor.remaining() != 0) {
    const uint64_t block_offset = cursor.file_offset();
    const auto size = cursor.Peek<Le<uint32_t>>();
    if (size ? *size == 0 : cursor.position() >= archive.NonzeroSize()) break;  // padding
    if (!size) return cursor.EndsInside("the size of a block");
    if (*size != kLegacyMagic && *size > kLegacyBlockMax) {
      if (RecogniseArchive(cursor.rest()) != ArchiveFormat::kUnknown) break;
      return cursor.Bad(Completeness::kDamaged,
                        fmt::format("has a block of {:#x} bytes at {:#x}, more than the format allows",
                                    *size + 0U, block_offset));
    }
    cursor.Skip(sizeof(uint32_t));
    if (*size == kLegacyMagic) continue;  // two such files, one behind the other
    if (!cursor.Skip(*size)) return cursor.EndsInside("a block");
  }
  return cursor.Complete();
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
      "is an LZ4 frame, which the kernel does not unpack: it takes the legacy format (lz4 -l)");
}

}  // namespace kexec
