// SPDX-License-Identifier: LGPL-2.1-or-later
// lzop: a header with optional parts, then blocks with their sizes; a block of size zero ends the file. All
// numbers are big-endian (the lzop container, as the kernel's lib/decompress_unlzo.c takes it).
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr uint64_t kMagicSize = 9;
constexpr uint16_t kLongHeader = 0x0940;   // versions from 0.940 on have three fields more
constexpr uint32_t kAdlerOfData = 0x0001;  // flags
constexpr uint32_t kAdlerOfStored = 0x0002;
constexpr uint32_t kExtraField = 0x0040;
constexpr uint32_t kCrcOfData = 0x0100;
constexpr uint32_t kCrcOfStored = 0x0200;
constexpr uint32_t kFilter = 0x0800;

// Passes over the header; its flags, or nullopt if it is cut off.
std::optional<uint32_t> TakeHeader(Cursor& cursor) {
  if (!cursor.Skip(kMagicSize)) return std::nullopt;
  const auto version = cursor.Take<Be<uint16_t>>();
  if (!version) return std::nullopt;
  const bool is_long = *version >= kLongHeader;
  // lib_version, version_needed (long), method, level (long)
  if (!cursor.Skip(is_long ? 2 + 2 + 1 + 1 : 2 + 1)) return std::nullopt;
  const auto flags = cursor.Take<Be<uint32_t>>();
  if (!flags) return std::nullopt;
  if ((*flags & kFilter) != 0 && !cursor.Skip(4)) return std::nullopt;
  if (!cursor.Skip(is_long ? 4 + 4 + 4 : 4 + 4)) return std::nullopt;  // mode, mtime_low, mtime_high (long)
  const auto name_size = cursor.Take<uint8_t>();
  if (!name_size || !cursor.Skip(*name_size + uint64_t{4})) return std::nullopt;  // and its checksum
  if ((*flags & kExtraField) != 0) {
    const auto extra_size = cursor.Take<Be<uint32_t>>();
    if (!extra_size || !cursor.Skip(*extra_size) || !cursor.Skip(4)) return std::nullopt;
  }
  return *flags;
}

uint64_t ChecksumsSize(uint32_t flags, bool compressed) {
  uint64_t size = 0;
  if ((flags & kAdlerOfData) != 0) size += 4;
  if ((flags & kCrcOfData) != 0) size += 4;
  if (compressed && (flags & kAdlerOfStored) != 0) size += 4;
  if (compressed && (flags & kCrcOfStored) != 0) size += 4;
  return size;
}

}  // namespace

Extent MeasureLzop(const Candidate& archive) {
  Cursor cursor(archive);
  const auto flags = TakeHeader(cursor);
  if (!flags) return cursor.EndsInside("its header");
  ClaimedSum unpacked;
  for (;;) {
    const auto data_size = cursor.Take<Be<uint32_t>>();
    if (!data_size) return cursor.EndsInside("the size of a block");
    if (*data_size == 0) return cursor.Complete(UnpackedBytes{unpacked.bytes(), true});
    unpacked.Add(*data_size);
    const auto stored_size = cursor.Take<Be<uint32_t>>();
    if (!stored_size) return cursor.EndsInside("the size of a block");
    const uint64_t checksums = ChecksumsSize(*flags, *stored_size < *data_size);
    if (!cursor.Skip(checksums) || !cursor.Skip(*stored_size)) return cursor.EndsInside("a block");
  }
}

}  // namespace kexec
