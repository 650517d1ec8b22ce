// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <string_view>
#include <utility>

#include "loaders/initrd.h"
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

using std::literals::operator""sv;

struct Signature {
  std::string_view magic;
  ArchiveFormat format;
};

// What the kernel goes by: init/initramfs.c for cpio, lib/decompress.c for the rest; LZ4 frames it does not
// know.
constexpr Signature kSignatures[] = {
    {"070701", ArchiveFormat::kCpio},
    {"070702", ArchiveFormat::kCpio},
    {"\x1f\x8b"sv, ArchiveFormat::kGzip},
    {"\xfd"
     "7zXZ\0"sv,
     ArchiveFormat::kXz},
    {"\x5d\0"sv, ArchiveFormat::kLzma},
    {"\x28\xb5\x2f\xfd"sv, ArchiveFormat::kZstd},
    {"\x02\x21\x4c\x18"sv, ArchiveFormat::kLz4Legacy},
    {"\x04\x22\x4d\x18"sv, ArchiveFormat::kLz4Frame},
    {"BZh", ArchiveFormat::kBzip2},
    {"\x89LZO\0\r\n\x1a\n"sv, ArchiveFormat::kLzop},
};

bool IsSkippableZstdFrame(Bytes bytes) {
  const auto magic = ReadAt<Le<uint32_t>>(bytes, 0);
  return magic && *magic >= 0x184d2a50 && *magic <= 0x184d2a5f;  // RFC 8878, 3.1.2
}

uint64_t CountZeros(Bytes bytes) {
  uint64_t count = 0;
  while (bytes.size() - count >= 8 && *ReadAt<Le<uint64_t>>(bytes, count) == 0) count += 8;
  while (count < bytes.size() && bytes[count] == std::byte{0}) ++count;
  return count;
}

Extent Measure(ArchiveFormat format, const Candidate& archive, GzipCheck gzip) {
  switch (format) {
    case ArchiveFormat::kCpio:
      return MeasureCpio(archive);
    case ArchiveFormat::kGzip:
      return MeasureGzip(archive, gzip);
    case ArchiveFormat::kXz:
      return MeasureXz(archive);
    case ArchiveFormat::kZstd:
      return MeasureZstd(archive);
    case ArchiveFormat::kLz4Legacy:
      return MeasureLz4Legacy(archive);
    case ArchiveFormat::kLz4Frame:
      return MeasureLz4Frame(archive);
    case ArchiveFormat::kBzip2:
      return MeasureBzip2(archive);
    case ArchiveFormat::kLzop:
      return MeasureLzop(archive);
    case ArchiveFormat::kLzma:
      return MeasureLzma(archive);
    case ArchiveFormat::kUnknown:
      break;
  }
  return {archive.bytes.size(), Completeness::kUnchecked, {}};
}

}  // namespace

std::string_view ArchiveFormatName(ArchiveFormat format) {
  switch (format) {
    case ArchiveFormat::kCpio:
      return "cpio";
    case ArchiveFormat::kGzip:
      return "gzip";
    case ArchiveFormat::kXz:
      return "xz";
    case ArchiveFormat::kLzma:
      return "lzma";
    case ArchiveFormat::kZstd:
      return "zstd";
    case ArchiveFormat::kLz4Legacy:
      return "lz4";
    case ArchiveFormat::kLz4Frame:
      return "lz4 frame";
    case ArchiveFormat::kBzip2:
      return "bzip2";
    case ArchiveFormat::kLzop:
      return "lzop";
    case ArchiveFormat::kUnknown:
      break;
  }
  return "unknown";
}

// A boot configuration lies behind the archives: data, its size and checksum, a magic
// (admin-guide/bootconfig.rst). The kernel takes it off before it unpacks.
Bytes WithoutBootConfig(Bytes file) {
  constexpr std::string_view kMagic = "#BOOTCONFIG\n";
  constexpr uint64_t kFooterSize = 4 + 4 + kMagic.size();
  if (file.size() < kFooterSize) return file;
  const uint64_t footer = file.size() - kFooterSize;
  if (!std::ranges::equal(file.subspan(footer + 8), std::as_bytes(std::span(kMagic)))) return file;
  const uint64_t size = *ReadAt<Le<uint32_t>>(file, footer);
  return size > footer ? file : file.first(footer - size);
}

ArchiveFormat RecogniseArchive(Bytes bytes) {
  for (const Signature& signature : kSignatures) {
    const auto start = SliceAt(bytes, 0, signature.magic.size());
    if (start && std::ranges::equal(*start, std::as_bytes(std::span(signature.magic))))
      return signature.format;
  }
  return IsSkippableZstdFrame(bytes) ? ArchiveFormat::kZstd : ArchiveFormat::kUnknown;
}

uint64_t ZeroTail::begin() {
  if (begin_) return *begin_;
  uint64_t size = file_.size();
  while (size >= 8 && *ReadAt<Le<uint64_t>>(file_, size - 8) == 0) size -= 8;
  while (size > 0 && file_[size - 1] == std::byte{0}) --size;
  return *(begin_ = size);
}

Extent Cursor::EndsInside(std::string_view what) const {
  return Bad(Completeness::kTruncated, fmt::format("ends inside {} at {:#x}", what, file_offset()));
}

namespace {

// init/initramfs.c: unpack_to_rootfs() takes '0' for a cpio archive at a multiple of 4 only, and do_reset()
// behind a plain cpio archive takes nothing elsewhere ("broken padding").
void JudgeAlignment(ArchiveFormat before, ArchiveFormat format, uint64_t offset, Extent& extent) {
  if (offset % 4 == 0 || (format != ArchiveFormat::kCpio && before != ArchiveFormat::kCpio)) return;
  if (extent.completeness == Completeness::kTruncated || extent.completeness == Completeness::kDamaged)
    return;
  if (format == ArchiveFormat::kUnknown) return;  // told as such
  extent.detail =
      "does not begin at a multiple of 4: the kernel unpacks neither it nor what follows (put zero bytes "
      "before it, or give it as another --initrd)";
}

}  // namespace

std::vector<ArchiveMember> WalkInitrd(Bytes file, GzipCheck gzip) {
  file = WithoutBootConfig(file);
  WalkedFile walked(file);
  std::vector<ArchiveMember> members;
  for (uint64_t offset = CountZeros(file); offset < file.size(); offset += CountZeros(file.subspan(offset))) {
    const Candidate archive{file.subspan(offset), offset, walked};
    const ArchiveFormat format = RecogniseArchive(archive.bytes);
    if (members.size() == kMaxArchives) {
      members.push_back(
          {format, offset, archive.bytes.size(), Completeness::kUnchecked,
           fmt::format("follows {} others, and nothing from there on is looked at", kMaxArchives)});
      break;
    }
    Extent extent = Measure(format, archive, gzip);
    JudgeAlignment(members.empty() ? ArchiveFormat::kUnknown : members.back().format, format, offset, extent);
    members.push_back(
        {format, offset, extent.size, extent.completeness, std::move(extent.detail), extent.unpacked});
    offset += extent.size;  // extent.size <= what is left
  }
  return members;
}

}  // namespace kexec
