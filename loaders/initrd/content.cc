// SPDX-License-Identifier: LGPL-2.1-or-later
// What a compressed archive holds must begin with the header of a cpio member (init/initramfs.c,
// do_header()).
#include "loaders/compress/codec.h"
#include "loaders/decompress.h"
#include "loaders/identify.h"
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

// Enough for what a file is told by. A whole block is unpacked where the format has no less: LZ4's has 8 MiB.
constexpr uint64_t kLookedAt = 64 << 10;
constexpr uint64_t kLargestBlock = uint64_t{8} << 20;

}  // namespace

std::string JudgeContent(Bytes file, const ArchiveMember& member) {
  const Bytes archive = file.subspan(member.offset);
  if (!IdentifyCompression(archive)) return {};
  const uint64_t most = member.format == ArchiveFormat::kLz4Legacy ? kLargestBlock : kLookedAt;
  Output output(most, kLookedAt);
  // Ends at the limit as a rule. What is damaged later is not this function's to say.
  static_cast<void>(DecodeOneStream(archive, 0, output, {}));
  const Bytes start = output.view();
  if (start.size() < 6 || start[0] == std::byte{0}) return {};
  if (RecogniseArchive(start) == ArchiveFormat::kCpio) return {};
  return fmt::format(
      "does not hold a cpio archive, its contents look like {}: the kernel unpacks neither it nor what "
      "follows (pack with cpio -H newc, each archive in one stream)",
      IdentifyContents(start).looks_like);
}

}  // namespace kexec
