// SPDX-License-Identifier: LGPL-2.1-or-later
// How much memory an initrd takes once the kernel has unpacked it: what decides whether a crash kernel fits
// the memory reserved for it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kexec/bytes.h"
#include "kexec/export.h"
#include "loaders/initrd.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct UnpackedSize {
  uint64_t bytes = 0;  // UINT64_MAX: that many or more
  bool exact = true;   // every archive tells its size; else some is a bound or a guess
  std::string source;  // where the number comes from, e.g. "cpio archive, xz index"; empty for no archives
  bool operator==(const UnpackedSize&) const = default;
};

// Of the archives WalkInitrd found. What they say about themselves is believed: a hostile file can claim any
// size, so refuse nothing because of it. An archive that tells no size (bzip2, lzma from a pipe) is taken for
// four times its own, zstd from a pipe for what its blocks can hold, six times its own at most, and what is
// no archive for what it is: the kernel keeps it as a file.
UnpackedSize SumUnpacked(std::span<const ArchiveMember> members);

// WalkInitrd and SumUnpacked. Reads what WalkInitrd reads, and the last block of an lz4 archive.
UnpackedSize MeasureUnpacked(Bytes file);

}  // namespace kexec
KEXEC_PUBLIC_END
