// SPDX-License-Identifier: LGPL-2.1-or-later
// The .lzma format (doc/lzma-file-format.txt of the XZ Utils): properties, dictionary size, the uncompressed
// size or all ones, then the stream. It tells no compressed size, and has no end mark that could be told from
// data.
#include "loaders/initrd/measure.h"

namespace kexec {

Extent MeasureLzma(const Candidate& archive) {
  constexpr uint64_t kUncompressedSizeOffset = 1 + 4;
  Extent extent{archive.bytes.size(), Completeness::kUnchecked, {}};
  const auto size = ReadAt<Le<uint64_t>>(archive.bytes, kUncompressedSizeOffset);
  if (size && *size != UINT64_MAX) extent.unpacked = UnpackedBytes{*size, true};
  return extent;
}

}  // namespace kexec
