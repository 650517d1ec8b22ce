// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>

#include "loaders/bzimage/bzimage.h"
#include "loaders/identify.h"
#include "loaders/initrd.h"

namespace kexec {
namespace {

constexpr std::string_view kAccepted =
    "the kernel unpacks cpio archives (cpio -H newc), plain or compressed by gzip, bzip2, lzma, xz, lzop, "
    "lz4 -l or zstd";

// `only`: there is nothing else in the file but perhaps zero bytes before, as in file system images.
void WarnUnknown(Bytes file, const ArchiveMember& member, bool only, std::string_view name,
                 Diagnostics& diagnostics) {
  if (!only) {
    diagnostics.Warn(
        "initrd '{}': the {:#x} bytes from {:#x} on are no archive; the kernel unpacks only what is before",
        name, member.size, member.offset);
  } else if (RecognisesBzImage(file)) {
    diagnostics.Warn("initrd '{}' is a bzImage kernel: were kernel and initrd swapped?", name);
  } else {
    diagnostics.Warn("initrd '{}' looks like {}; {}", name, IdentifyContents(file).looks_like, kAccepted);
  }
}

}  // namespace

Result<> CheckInitrd(Bytes file, std::string_view name, Diagnostics& diagnostics, GzipCheck gzip) {
  const std::vector<ArchiveMember> members = WalkInitrd(file, gzip);
  if (members.empty()) diagnostics.Warn("initrd '{}' holds no archive, only zero bytes", name);
  for (const ArchiveMember& member : members) {
    const std::string_view format = ArchiveFormatName(member.format);
    if (member.completeness == Completeness::kTruncated || member.completeness == Completeness::kDamaged) {
      return Fail(Errc::kMalformed, "initrd '{}' is {}: the {} archive at {:#x} {}", name,
                  member.completeness == Completeness::kTruncated ? "cut short" : "damaged", format,
                  member.offset, member.detail);
    }
    if (member.format == ArchiveFormat::kUnknown) {
      WarnUnknown(file, member, members.size() == 1, name, diagnostics);
      continue;
    }
    diagnostics.Note("initrd '{}': {} archive at {:#x}, {:#x} bytes", name, format, member.offset,
                     member.size);
    if (!member.detail.empty()) {
      diagnostics.Warn("initrd '{}': the {} archive at {:#x} {}", name, format, member.offset, member.detail);
    }
  }
  return {};
}

}  // namespace kexec
