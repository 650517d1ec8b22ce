// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/work.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace kexec::testing {
namespace {

// Since the last WorkMeter of this thread.
thread_local Work counted;
thread_local int64_t held;  // below 0: more of what was there before went than came

void* Allocate(size_t size, size_t alignment) {
  const size_t padded = (size + alignment - 1) / alignment * alignment;
  void* memory = alignment <= alignof(std::max_align_t) ? std::malloc(std::max<size_t>(size, 1))
                                                        : std::aligned_alloc(alignment, padded);
  if (memory == nullptr) return nullptr;
  const size_t bytes = malloc_usable_size(memory);
  ++counted.allocations;
  counted.bytes += bytes;
  held += static_cast<int64_t>(bytes);
  if (held > 0) counted.peak = std::max(counted.peak, static_cast<uint64_t>(held));
  return memory;
}

void* AllocateOrThrow(size_t size, size_t alignment) {
  void* memory = Allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void Release(void* memory) {
  if (memory != nullptr) held -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

constexpr size_t kPlain = alignof(std::max_align_t);

}  // namespace

bool CountsSteps() { return KEXEC_COUNTS_STEPS != 0; }

WorkMeter::WorkMeter() {
  counted = {};
  held = 0;
}

Work WorkMeter::Take() const { return counted; }

void ExpectLinear(const Work& once, const Work& twice) {
  const auto bound = [](uint64_t cost) { return cost * 2 + cost / 4 + 4096; };
  EXPECT_LE(twice.steps, bound(once.steps)) << "steps; half the input took " << once.steps;
  EXPECT_LE(twice.allocations, bound(once.allocations))
      << "allocations; half the input took " << once.allocations;
  EXPECT_LE(twice.bytes, bound(once.bytes)) << "bytes allocated; half the input took " << once.bytes;
  EXPECT_LE(twice.peak, bound(once.peak)) << "bytes at one time; half the input took " << once.peak;
}

}  // namespace kexec::testing

// The functions that may be replaced ([new.delete]); ASan brings some of its own, so each is.
void* operator new(size_t size) { return kexec::testing::AllocateOrThrow(size, kexec::testing::kPlain); }
void* operator new[](size_t size) { return kexec::testing::AllocateOrThrow(size, kexec::testing::kPlain); }
void* operator new(size_t size, std::align_val_t alignment) {
  return kexec::testing::AllocateOrThrow(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return kexec::testing::AllocateOrThrow(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return kexec::testing::Allocate(size, kexec::testing::kPlain);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return kexec::testing::Allocate(size, kexec::testing::kPlain);
}
void operator delete(void* memory) noexcept { kexec::testing::Release(memory); }
void operator delete[](void* memory) noexcept { kexec::testing::Release(memory); }
void operator delete(void* memory, size_t) noexcept { kexec::testing::Release(memory); }
void operator delete[](void* memory, size_t) noexcept { kexec::testing::Release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { kexec::testing::Release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { kexec::testing::Release(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { kexec::testing::Release(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { kexec::testing::Release(memory); }

// What clang's -fsanitize-coverage=trace-cmp calls (SanitizerCoverage.rst, "Tracing data flow"), and ASan for
// memcmp (sanitizer/common_interface_defs.h). Both have empty functions of their own where nobody defines
// these.
extern "C" {
void __sanitizer_cov_trace_cmp1(uint8_t, uint8_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_cmp2(uint16_t, uint16_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_cmp4(uint32_t, uint32_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_cmp8(uint64_t, uint64_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_const_cmp1(uint8_t, uint8_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_const_cmp2(uint16_t, uint16_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_const_cmp4(uint32_t, uint32_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_const_cmp8(uint64_t, uint64_t) { ++kexec::testing::counted.steps; }
void __sanitizer_cov_trace_switch(uint64_t, uint64_t*) { ++kexec::testing::counted.steps; }
void __sanitizer_weak_hook_memcmp(void*, const void*, const void*, size_t size, int) {
  kexec::testing::counted.steps += size;
}
}
