// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/unpacked_size.h"

#include <algorithm>
#include <vector>

#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

// Initrds are programs, libraries and kernel modules: bzip2 and lzma make a quarter to a third of them.
constexpr uint64_t kGuessedRatio = 4;

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

// Of an archive that does not tell.
uint64_t Guess(const ArchiveMember& member) {
  if (StaysPacked(member.format)) return member.size;
  return member.size > UINT64_MAX / kGuessedRatio ? UINT64_MAX : member.size * kGuessedRatio;
}

}  // namespace

UnpackedSize SumUnpacked(std::span<const ArchiveMember> members) {
  UnpackedSize sum;
  ClaimedSum bytes;
  std::vector<std::string_view> sources;
  for (const ArchiveMember& member : members) {
    bytes.Add(member.unpacked ? member.unpacked->bytes : Guess(member));
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
