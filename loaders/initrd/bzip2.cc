// SPDX-License-Identifier: LGPL-2.1-or-later
// bzip2 tells no sizes. Its stream ends with 48 bits of magic and a 32-bit checksum at any bit position,
// filled up to a byte; 48 bits do not occur by chance.
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr uint64_t kEndMagic = 0x177245385090;  // the digits of the square root of pi
constexpr uint64_t kEndMagicMask = (uint64_t{1} << 48) - 1;

// The byte behind the stream's end mark and checksum, which may lie behind `bytes`; nullopt if there is no
// end mark.
std::optional<uint64_t> FindStreamEnd(Bytes bytes) {
  uint64_t window = 0;
  for (uint64_t i = 0; i < bytes.size(); ++i) {
    window = window << 8 | std::to_integer<uint64_t>(bytes[i]);
    for (unsigned shift = 0; shift < 8; ++shift) {
      if ((window >> shift & kEndMagicMask) != kEndMagic || i < 6) continue;
      const uint64_t end_bit = (i + 1) * 8 - shift + 32;
      return (end_bit + 7) / 8;
    }
  }
  return std::nullopt;
}

}  // namespace

Extent MeasureBzip2(const Candidate& archive) {
  constexpr uint64_t kTail = 16;  // holds magic, checksum and 7 bits of filling
  const Bytes data = archive.bytes.first(archive.NonzeroSize());
  const uint64_t tail_offset = data.size() - std::min<uint64_t>(kTail, data.size());
  std::optional<uint64_t> end = FindStreamEnd(data.subspan(tail_offset));
  if (end) {
    *end += tail_offset;
  } else {
    end = FindStreamEnd(data);  // something follows, or it is cut short
  }
  if (!end || *end > archive.bytes.size()) {
    return {archive.bytes.size(), Completeness::kTruncated, "ends without its end mark"};
  }
  return {*end, Completeness::kComplete, {}};
}

}  // namespace kexec
