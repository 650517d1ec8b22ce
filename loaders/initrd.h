// SPDX-License-Identifier: LGPL-2.1-or-later
// What an initrd file holds: the kernel unpacks cpio archives, each plain or compressed, one after another
// with zero padding between them (Documentation/driver-api/early-userspace/buffer-format.rst). We look, warn
// and refuse; we never change a byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"

namespace KEXEC_PUBLIC kexec {

enum class ArchiveFormat { kCpio, kGzip, kXz, kLzma, kZstd, kLz4Legacy, kLz4Frame, kBzip2, kLzop, kUnknown };
std::string_view ArchiveFormatName(ArchiveFormat format);

enum class Completeness {
  kComplete,   // walked or checked to the end
  kTruncated,  // the end is missing
  kUnchecked,  // this format does not say without unpacking it
};

// One archive in an initrd file.
struct ArchiveMember {
  ArchiveFormat format;
  uint64_t offset;  // in the file
  uint64_t size;    // bytes to the end of the archive; to the end of the file if unknown
  Completeness completeness;
};

// Pure; touches headers and trailers only, gzip excepted (no length is stored in it: it is inflated, output
// dropped).
std::vector<ArchiveMember> WalkInitrd(Bytes file);

// Refuses (kMalformed) a file that is cut short, naming the archive, its offset and what is missing. Warns
// when the file is no archive at all (it may be a file system image for the old initrd). `name` is used in
// messages.
Result<> CheckInitrd(Bytes file, std::string_view name, Diagnostics& diagnostics);

}  // namespace kexec
