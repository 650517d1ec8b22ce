// SPDX-License-Identifier: LGPL-2.1-or-later
// Most libraries decode the same way: input and room go in, and out comes how much of each was used. One loop
// drives them all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "loaders/compress/output.h"

namespace kexec {

struct DecodeStep {
  enum class State {
    kMore,     // wants input or room; nothing read and nothing written: wants input
    kEnd,      // the stream ends behind what was read
    kDamaged,  // `problem` says how, as the library words it
    kRefused   // a sound file, but `problem` stands against it
  };
  size_t read = 0;
  size_t written = 0;
  State state = State::kMore;
  std::string problem{};
};

// One stream of one format, from its first byte on.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;
  // Neither span has more than 2^30 bytes.
  virtual DecodeStep Decode(Bytes input, std::span<std::byte> room) = 0;
};

// Runs `decoder` over `file` from `begin` to its stream's end, which is the answer.
Result<uint64_t> DecodeStream(StreamDecoder& decoder, Bytes file, uint64_t begin, Output& output);

}  // namespace kexec
