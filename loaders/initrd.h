// SPDX-License-Identifier: LGPL-2.1-or-later
// What an initrd file holds: the kernel unpacks cpio archives, each plain or compressed, one after another
// with zero padding between them (Documentation/driver-api/early-userspace/buffer-format.rst). We look, warn
// and refuse; we never change a byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class ArchiveFormat { kCpio, kGzip, kXz, kLzma, kZstd, kLz4Legacy, kLz4Frame, kBzip2, kLzop, kUnknown };
// "cpio", "gzip", …, as used in messages.
std::string_view ArchiveFormatName(ArchiveFormat format);

enum class Completeness {
  kComplete,   // walked or checked to the end
  kLikely,     // gzip only: the trailer fits, nothing was unpacked to prove it
  kUnchecked,  // the format does not say, or the end is one the format allows but that a cut could also leave
  kTruncated,  // the end is missing
  kDamaged,    // what should follow inside the archive is not there
};

// How many bytes an archive holds unpacked.
struct UnpackedBytes {
  uint64_t bytes;  // UINT64_MAX: that many or more
  bool exact;      // false: at most `bytes`
  bool operator==(const UnpackedBytes&) const = default;
};

// A walk ends behind this many archives: an initrd has a handful, one that pzstd(1) made some thousand.
inline constexpr size_t kMaxArchives = size_t{64} << 10;

// One archive in an initrd file.
struct ArchiveMember {
  ArchiveFormat format;
  uint64_t offset;  // in the file
  uint64_t size;    // bytes to the end of the archive; to the end of the file if unknown
  Completeness completeness;
  // What is missing, damaged or odd: a phrase that goes on after "the gzip archive at 0x0 …". Empty if
  // nothing is.
  std::string detail;
  // As the archive itself tells; nullopt where it does not. Believed, not proved: a hostile file can claim
  // anything.
  std::optional<UnpackedBytes> unpacked{};
};

// gzip stores no compressed length: only inflating finds a member's end for certain.
enum class GzipCheck {
  // A member that ends with the file is believed when the length in its trailer is a multiple of 512 (cpio(1)
  // pads
  // to that) and at most 32 times its compressed size. A cut file passes with a probability below 1/512.
  // Anything
  // else is inflated. Costs nothing for the usual initrd.
  kTrailer,
  // Inflate each member, output dropped: proves the CRC-32, at some 2 to 9 ms for each MiB of file. Ends
  // where all of
  // them have unpacked to 32 times the file and 256 MiB more.
  kInflate,
};

// The archives in `file`, in order; the walk stops behind one whose end is not known. Where there are more
// than kMaxArchives one more stands for all the rest. Padding and a boot configuration at the end
// (admin-guide/bootconfig.rst) are not reported. Pure. Reads headers and trailers only, so a mapped file
// isn't paged in. Exceptions: gzip, see GzipCheck; xz and bzip2 archives that don't end with the file are
// searched for their end mark; padding is read. Time is linear in the file's size.
std::vector<ArchiveMember> WalkInitrd(Bytes file, GzipCheck gzip = GzipCheck::kTrailer);

// Refuses (kMalformed) a file that is cut short or damaged, naming the archive, its offset and what is
// missing. Warns when the file is no archive the kernel unpacks (it may be a file system image for the old
// initrd, or the kernel), and about what the kernel will not unpack: LZ4 frames and what follows the legacy
// format without a gap, xz with a check other than CRC-32 or other filters, zstd's skippable frames,
// dictionaries and windows of more than 128 MiB, cpio archives off a multiple of 4, and contents that are no
// cpio archive (of the first 16 archives, at most 64 KiB or one block of each is unpacked): once for all
// archives alike. `name` is used in messages, as "initrd 'name'".
Result<> CheckInitrd(Bytes file, std::string_view name, Diagnostics& diagnostics,
                     GzipCheck gzip = GzipCheck::kTrailer);

}  // namespace kexec
KEXEC_PUBLIC_END
