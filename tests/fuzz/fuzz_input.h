// SPDX-License-Identifier: GPL-2.0-or-later
// What every target needs: numbers out of the fuzzer's bytes, and a check that cannot be compiled away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace kexec::testing {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  // 0 when the input is used up.
  uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  // In [low, high), low below high, at most 256 apart.
  uint64_t Number(uint64_t low, uint64_t high) { return low + Byte() % (high - low); }

 private:
  const uint8_t* data_;
  size_t left_;
};

}  // namespace kexec::testing
