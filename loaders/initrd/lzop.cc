// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/initrd/lzop_header.h"

namespace kexec {
namespace {

constexpr uint64_t kMagicSize = 9;
constexpr uint16_t kLongHeader = 0x0940;  // versions from 0.940 on have three fields more

uint64_t ChecksumsSize(uint32_t flags, bool compressed) {
  uint64_t size = 0;
  if ((flags & kLzopAdlerOfData) != 0) size += 4;
  if ((flags & kLzopCrcOfData) != 0) size += 4;
  if (compressed && (flags & kLzopAdlerOfStored) != 0) size += 4;
  if (compressed && (flags & kLzopCrcOfStored) != 0) size += 4;
  return size;
}

}  // namespace

std::optional<LzopHeader> TakeLzopHeader(Cursor& cursor) {
  LzopHeader header;
  if (!cursor.Skip(kMagicSize)) return std::nullopt;
  header.checked_from = cursor.position();
  const auto version = cursor.Take<Be<uint16_t>>();
  if (!version) return std::nullopt;
  const bool is_long = *version >= kLongHeader;
  if (!cursor.Skip(is_long ? 2 + 2 : 2)) return std::nullopt;  // lib_version, version_needed (long)
  const auto method = cursor.Take<uint8_t>();
  if (!method || !cursor.Skip(is_long ? 1 : 0)) return std::nullopt;  // level (long)
  header.method = *method;
  const auto flags = cursor.Take<Be<uint32_t>>();
  if (!flags) return std::nullopt;
  header.flags = *flags;
  if ((header.flags & kLzopFilter) != 0) {
    const auto filter = cursor.Take<Be<uint32_t>>();
    if (!filter) return std::nullopt;
    header.filter = *filter;
  }
  if (!cursor.Skip(is_long ? 4 + 4 + 4 : 4 + 4)) return std::nullopt;  // mode, mtime_low, mtime_high (long)
  const auto name_size = cursor.Take<uint8_t>();
  if (!name_size || !cursor.Skip(*name_size)) return std::nullopt;
  header.checked_to = cursor.position();
  if (!cursor.Skip(4)) return std::nullopt;  // the checksum
  if ((header.flags & kLzopExtraField) != 0) {
    const auto extra_size = cursor.Take<Be<uint32_t>>();
    if (!extra_size || !cursor.Skip(*extra_size) || !cursor.Skip(4)) return std::nullopt;
  }
  return header;
}

Extent MeasureLzop(const Candidate& archive) {
  Cursor cursor(archive);
  const auto header = TakeLzopHeader(cursor);
  if (!header) return cursor.EndsInside("its header");
  ClaimedSum unpacked;
  for (;;) {
    const auto data_size = cursor.Take<Be<uint32_t>>();
    if (!data_size) return cursor.EndsInside("the size of a block");
    if (*data_size == 0) return cursor.Complete(UnpackedBytes{unpacked.bytes(), true});
    unpacked.Add(*data_size);
    const auto stored_size = cursor.Take<Be<uint32_t>>();
    if (!stored_size) return cursor.EndsInside("the size of a block");
    const uint64_t checksums = ChecksumsSize(header->flags, *stored_size < *data_size);
    if (!cursor.Skip(checksums) || !cursor.Skip(*stored_size)) return cursor.EndsInside("a block");
  }
}

}  // namespace kexec
