// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped purgatory in this very process: its bytes copied into executable memory, its check called. For
// tests and benchmarks of the code exactly as it will run between two kernels.
#pragma once

#include <sys/mman.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "arch/x86_64/purgatory/blob.h"
#include "lib/freestanding/digest.h"

namespace kexec {

class NativePurgatory {
 public:
  using Digest = std::array<uint8_t, KEXEC_DIGEST_SIZE>;

  // Copies the blob to `address` (page-aligned, free in this process), or wherever there is room if null.
  explicit NativePurgatory(void* address = nullptr) : size_(PurgatoryMemSize()) {
    const int where = address == nullptr ? 0 : MAP_FIXED_NOREPLACE;
    memory_ =
        mmap(address, size_, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | where, -1, 0);
    if (memory_ == MAP_FAILED) throw std::runtime_error("no executable memory there");
    std::memset(memory_, 0xa5, size_);
    std::memcpy(memory_, PurgatoryBlob().data(), PurgatoryBlob().size());
  }
  ~NativePurgatory() { munmap(memory_, size_); }
  NativePurgatory(const NativePurgatory&) = delete;
  NativePurgatory& operator=(const NativePurgatory&) = delete;

  // The parameters in place: what purgatory will read.
  kexec_purgatory_params& params() { return *static_cast<kexec_purgatory_params*>(memory_); }

  void AddHashed(const void* data, size_t size) {
    params().hashed[params().hashed_count++] = {reinterpret_cast<uintptr_t>(data), size};
  }

  // Runs the check. `found` gets the digest of the hashed ranges.
  bool Verify(Digest& found) {
    using Function = int (*)(uint8_t*);
    const auto verify = reinterpret_cast<Function>(static_cast<char*>(memory_) + params().verify_offset);
    return verify(found.data()) != 0;
  }

 private:
  size_t size_;
  void* memory_;
};

}  // namespace kexec
