// SPDX-License-Identifier: LGPL-2.1-or-later
// Where unpacked bytes go: memory that grows without copying, up to a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kexec/bytes.h"
#include "kexec/error.h"

namespace kexec {

class Output {
 public:
  // Refuses more than `limit` bytes. `expected` is what the first allocation is made for.
  Output(uint64_t limit, uint64_t expected);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  // Memory behind what was written, at least `size` bytes and a little more than the limit allows at most:
  // what is written there counts only once it is committed. Valid until the next call. kDoesNotFit if there
  // is no memory.
  Result<std::span<std::byte>> Room(size_t size);
  // The first `size` bytes of Room are written. kDoesNotFit beyond the limit.
  Result<> Commit(size_t size);
  // What was written.
  uint64_t size() const { return used_; }
  Bytes view() const { return {base_, used_}; }
  // Hands the bytes over; the object is empty afterwards.
  SharedBytes Take();

 private:
  uint64_t limit_;
  size_t expected_;
  std::byte* base_ = nullptr;
  size_t used_ = 0;
  size_t capacity_ = 0;
};

}  // namespace kexec
