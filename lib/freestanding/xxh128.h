// SPDX-License-Identifier: LGPL-2.1-or-later
// XXH3 with 128 bits of output, seed 0, default secret, streaming; after the xxHash specification
// (doc/xxhash_spec.md of the xxHash project). Callers other than tests and benchmarks use digest.h.
#ifndef KEXEC_FREESTANDING_XXH128_H_
#define KEXEC_FREESTANDING_XXH128_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  KEXEC_XXH128_STRIPE = 64,  // bytes taken in by one accumulation step
  KEXEC_XXH128_BUFFER =
      256,  // whole stripes, and more than the 240 bytes that have short formulas of their own
};

// Invariant: a stripe is consumed only when at least one byte is known to follow it, because the last stripe
// of the input is treated differently. Hence `buffered` > 0 as soon as `total` > 0.
struct kexec_xxh128 {
  uint64_t accumulators[8];
  uint64_t total;     // bytes appended so far
  uint32_t buffered;  // bytes in `buffer`
  uint32_t stripe;    // stripes consumed of the current block of 16
  uint32_t portable;  // no vectors
  uint32_t reserved;
  uint8_t last[KEXEC_XXH128_STRIPE];  // the last stripe consumed
  uint8_t buffer[KEXEC_XXH128_BUFFER];
};

void kexec_xxh128_init(struct kexec_xxh128* state, int portable);
void kexec_xxh128_update(struct kexec_xxh128* state, const uint8_t* data, size_t size);
// 16 bytes, the canonical form: high half first, big-endian.
void kexec_xxh128_final(const struct kexec_xxh128* state, uint8_t out[16]);

enum { KEXEC_XXH128_SECRET = 192 };  // bytes
extern const uint8_t kexec_xxh128_secret[KEXEC_XXH128_SECRET];

// Both implementations of the inner loop: accumulates `stripes` stripes that all lie in one block, the first
// one being number `first` of the block (first + stripes <= 16).
void kexec_xxh128_stripes_portable(uint64_t accumulators[8], const uint8_t* data, size_t first,
                                   size_t stripes);
void kexec_xxh128_stripes_vector(uint64_t accumulators[8], const uint8_t* data, size_t first, size_t stripes);

#ifdef __cplusplus
}
#endif

#endif  // KEXEC_FREESTANDING_XXH128_H_
