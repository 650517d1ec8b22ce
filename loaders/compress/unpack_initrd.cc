// SPDX-License-Identifier: LGPL-2.1-or-later
// init/initramfs.c, unpack_to_rootfs: archives follow one another, zeros between them. One that is not
// compressed counts only at a multiple of 4 bytes, so each is put to one here.
#include <algorithm>
#include <cstring>
#include <utility>

#include "loaders/compress/codec.h"
#include "loaders/direct_linux.h"
#include "loaders/initrd/measure.h"
#include "loaders/unpacked_size.h"

namespace kexec {
namespace {

constexpr uint64_t kAlignment = 4;

Result<> Append(Output& output, Bytes bytes) {
  KEXEC_ASSIGN(const std::span<std::byte> room, output.Room(bytes.size()));
  std::ranges::copy(bytes, room.begin());
  return output.Commit(bytes.size());
}

Result<> PadToArchive(Output& output) {
  constexpr std::byte kZeros[kAlignment]{};
  return Append(output, Bytes(kZeros).first(-output.size() % kAlignment));
}

// What begins at `offset` with a byte that is not zero; answers where it ends in the file.
Result<uint64_t> UnpackMember(Bytes archives, uint64_t offset, WalkedFile& walked, Output& output,
                              const DecompressLimits& limits) {
  const Bytes rest = archives.subspan(offset);
  KEXEC_TRY(PadToArchive(output));
  const ArchiveFormat format = RecogniseArchive(rest);
  if (IdentifyCompression(rest)) {
    const uint64_t begin = output.size();
    KEXEC_ASSIGN(const uint64_t end, DecodeOneStream(archives, offset, output, limits),
                 fmt::format("the {} archive at {:#x}", ArchiveFormatName(format), offset));
    return HoldsAppendedSize(archives, end, output.size() - begin) ? archives.size() : end;
  }
  uint64_t size = rest.size();  // not an archive: nobody knows where it ends
  if (format == ArchiveFormat::kCpio) {
    const Extent extent = MeasureCpio({rest, offset, walked});
    if (extent.completeness == Completeness::kTruncated || extent.completeness == Completeness::kDamaged) {
      return Fail(Errc::kMalformed, "the cpio archive at {:#x} {}", offset, extent.detail);
    }
    size = extent.size;
  }
  KEXEC_TRY(Append(output, rest.first(size)));
  return offset + size;
}

}  // namespace

Result<SharedBytes> UnpackInitrd(const SharedBytes& initrd, const DecompressLimits& limits) {
  const Bytes file = initrd.view();
  const auto members = WalkInitrd(file);
  if (std::ranges::none_of(members, [&](const ArchiveMember& member) {
        return IdentifyCompression(file.subspan(member.offset)).has_value();
      })) {
    return initrd;
  }
  if (members.size() > kMaxArchives) {
    return Fail(Errc::kUnsupported, "more than {} archives, one behind the other", kMaxArchives);
  }
  const uint64_t most = limits.OutputOf(file.size());
  if (const UnpackedSize told = SumUnpacked(members); told.exact && told.bytes > most) {
    return Fail(Errc::kDoesNotFit, "unpacks to {} bytes by what it says (its {}), more than the {} allowed",
                told.bytes, told.source, most);
  }
  const Bytes archives = WithoutBootConfig(file);
  WalkedFile walked(archives);
  Output output(most, std::min(most, file.size() * uint64_t{4}));
  for (uint64_t offset = 0; offset < archives.size();) {
    if (archives[offset] == std::byte{0}) {
      ++offset;
      continue;
    }
    KEXEC_ASSIGN(offset, UnpackMember(archives, offset, walked, output, limits));
  }
  if (archives.size() < file.size()) {
    KEXEC_TRY(PadToArchive(output));
    KEXEC_TRY(Append(output, file.subspan(archives.size())));
  }
  return output.Take();
}

}  // namespace kexec
