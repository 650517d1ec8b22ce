// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/unpacked_size.h"

#include <algorithm>
#include <vector>

#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

// Initrds are programs, libraries and kernel modules: bzip2 and lzma make a quarter to a third of them.
constexpr uint64_t kGuessedRatio = 4;
// From level 16 on zstd splits its blocks, so that their number says several times too much; an initrd hardly
// shrinks more than this.
constexpr uint64_t kHighestRatio = 6;

uint64_t Times(uint64_t size, uint64_t ratio) {
  return size > UINT64_MAX / ratio ? UINT64_MAX : size * ratio;
}

// A bound that is too far off to be used.
bool IsWide(const ArchiveMember& member) {
  return member.unpacked && !member.unpacked->exact && member.format == ArchiveFormat::kZstd &&
         member.unpacked->bytes > Times(member.size, kHighestRatio);
}

// Words for the place the size was read from.
std::string_view SourceOf(const ArchiveMember& member) {
  switch (member.format) {
    case ArchiveFormat::kCpio:
      return "cpio archive";
    case ArchiveFormat::kGzip:
      return "gzip trailer";
    case ArchiveFormat::kXz:
      return "xz index";
    case ArchiveFormat::kLzma:
      return member.unpacked ? "lzma header" : "4 times the lzma archive";
    case ArchiveFormat::kZstd:
      if (IsWide(member)) return "6 times the zstd archive";
      return member.unpacked && member.unpacked->exact ? "zstd frame header" : "number of zstd blocks";
    case ArchiveFormat::kLz4Legacy:
      return "lz4 blocks";
    case ArchiveFormat::kBzip2:
      return "4 times the bzip2 archive";
    case ArchiveFormat::kLzop:
      return "lzop blocks";
    case ArchiveFormat::kLz4Frame:
    case ArchiveFormat::kUnknown:
      break;
  }
  return "the file itself";
}

bool StaysPacked(ArchiveFormat format) {
  return format == ArchiveFormat::kLz4Frame || format == ArchiveFormat::kUnknown;
}

uint64_t BytesOf(const ArchiveMember& member) {
  if (IsWide(member)) return Times(member.size, kHighestRatio);
  if (member.unpacked) return member.unpacked->bytes;
  return StaysPacked(member.format) ? member.size : Times(member.size, kGuessedRatio);
}

}  // namespace

UnpackedSize SumUnpacked(std::span<const ArchiveMember> members) {
  UnpackedSize sum;
  ClaimedSum bytes;
  std::vector<std::string_view> sources;
  for (const ArchiveMember& member : members) {
    bytes.Add(BytesOf(member));
    sum.exact = sum.exact && (member.unpacked ? member.unpacked->exact : StaysPacked(member.format));
    const std::string_view source = SourceOf(member);
    if (std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
  }
  sum.bytes = bytes.bytes();
  sum.source = fmt::format("{}", fmt::join(sources, ", "));
  return sum;
}

UnpackedSize MeasureUnpacked(Bytes file) { return SumUnpacked(WalkInitrd(file)); }

}  // namespace kexec
