// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/compress/stream.h"

#include <algorithm>

namespace kexec {

Result<uint64_t> DecodeStream(StreamDecoder& decoder, Bytes file, uint64_t begin, Output& output) {
  constexpr size_t kMaxStep = size_t{1} << 30;  // zlib and libbz2 count in 32 bits
  constexpr size_t kRoom = size_t{64} << 10;
  uint64_t offset = begin;
  for (;;) {
    KEXEC_ASSIGN(const std::span<std::byte> room, output.Room(kRoom));
    const Bytes input = file.subspan(offset, std::min<uint64_t>(kMaxStep, file.size() - offset));
    const DecodeStep step = decoder.Decode(input, room.first(std::min(kMaxStep, room.size())));
    offset += step.read;
    KEXEC_TRY(output.Commit(step.written));
    switch (step.state) {
      case DecodeStep::State::kEnd:
        return offset;
      case DecodeStep::State::kDamaged:
        return Fail(Errc::kMalformed, "damaged at {:#x} ({})", offset, step.problem);
      case DecodeStep::State::kRefused:
        return Fail(Errc::kUnsupported, "{}", step.problem);
      case DecodeStep::State::kMore:
        break;
    }
    if (step.read != 0 || step.written != 0) continue;
    if (offset == file.size()) return Fail(Errc::kMalformed, "cut short: the file ends at {:#x}", offset);
    return Fail(Errc::kMalformed, "damaged at {:#x} (nothing follows from it)", offset);
  }
}

}  // namespace kexec
