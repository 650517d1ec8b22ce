// SPDX-License-Identifier: LGPL-2.1-or-later
// cpio "newc" and "crc": a chain of members, each a header of hexadecimal digits, a name, the data; the
// member TRAILER!!! ends the archive (buffer-format.rst).
#include <charconv>

#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

struct CpioHeader {
  char magic[6];
  char ino[8], mode[8], uid[8], gid[8], nlink[8], mtime[8];
  char filesize[8];
  char maj[8], min[8], rmaj[8], rmin[8];
  char namesize[8];
  char chksum[8];
};
static_assert(sizeof(CpioHeader) == 110);

constexpr std::string_view kTrailerName{"TRAILER!!!\0", 11};

std::optional<uint32_t> ParseHex(const char (&field)[8]) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(field, field + 8, value, 16);
  if (error != std::errc() || end != field + 8) return std::nullopt;
  return value;
}

// Padding to a multiple of four counts from the start of the archive, which the kernel requires to be aligned
// itself. At the end of the file it may be missing.
void SkipPadding(Cursor& cursor) {
  const uint64_t padding = (4 - cursor.position() % 4) % 4;
  cursor.Skip(std::min(padding, cursor.remaining()));
}

// A member's name for a message: what is printable of the first 256 bytes.
std::string ShownName(Bytes name) {
  std::string shown;
  for (std::byte b : name.first(std::min<size_t>(name.size(), 256))) {
    const char c = static_cast<char>(b);
    if (c == 0) break;
    shown += c < 0x20 || c > 0x7e ? '?' : c;
  }
  return shown;
}

}  // namespace

Extent MeasureCpio(const Candidate& archive) {
  Cursor cursor(archive);
  while (cursor.remaining() != 0) {
    const uint64_t member_offset = cursor.file_offset();
    const auto header = cursor.Take<CpioHeader>();
    if (!header) return cursor.EndsInside("the header of a member");
    const std::string_view magic(header->magic, sizeof(header->magic));
    const auto name_size = ParseHex(header->namesize);
    const auto file_size = ParseHex(header->filesize);
    if ((magic != "070701" && magic != "070702") || !name_size || !file_size) {
      return cursor.Bad(
          Completeness::kDamaged,
          fmt::format("has no member header at {:#x}, where the next one should start", member_offset));
    }
    const auto name = SliceAt(cursor.rest(), 0, *name_size);
    if (!name) return cursor.EndsInside("the name of a member");
    const bool is_trailer = *name_size == kTrailerName.size() &&
                            std::ranges::equal(*name, std::as_bytes(std::span(kTrailerName)));
    cursor.Skip(*name_size);
    SkipPadding(cursor);
    if (!cursor.Skip(*file_size)) {
      return cursor.Bad(
          Completeness::kTruncated,
          fmt::format("ends inside its member '{}': {:#x} bytes of data from {:#x} on, {:#x} are there",
                      ShownName(*name), *file_size, cursor.file_offset(), cursor.remaining()));
    }
    SkipPadding(cursor);
    if (is_trailer) return cursor.Complete(UnpackedBytes{cursor.position(), true});
  }
  return {cursor.position(), Completeness::kUnchecked,
          "has no end mark (a member named TRAILER!!!): the kernel takes it, but it may be cut short",
          UnpackedBytes{cursor.position(), true}};
}

}  // namespace kexec
