// SPDX-License-Identifier: LGPL-2.1-or-later
// The inner loop of XXH3 for RISC-V: every load is of an aligned word, because others may trap into the
// firmware, one by one. Input that is not aligned is put together from two words.
#include "xxh128.h"

typedef uint64_t __attribute__((may_alias)) word;

enum { WORDS = KEXEC_XXH128_STRIPE / 8 };

__attribute__((always_inline)) static inline void accumulate(uint64_t sum[WORDS], unsigned i, uint64_t input,
                                                             uint64_t secret) {
  const uint64_t value = input ^ secret;
  sum[i ^ 1] += input;
  sum[i] += (value & 0xffffffff) * (value >> 32);
}

// Not memcpy: where that is a call, the accumulators would live in memory instead of registers.
__attribute__((always_inline)) static inline void copy(uint64_t to[WORDS], const uint64_t from[WORDS]) {
#pragma GCC unroll 8
  for (unsigned i = 0; i < WORDS; i++) to[i] = from[i];
}

static void stripes_aligned(uint64_t accumulators[8], const word* data, const word* secret, size_t stripes) {
  uint64_t sum[WORDS];
  copy(sum, accumulators);
  for (; stripes != 0; stripes--, data += WORDS, secret++) {
#pragma GCC unroll 8
    for (unsigned i = 0; i < WORDS; i++) accumulate(sum, i, data[i], secret[i]);
  }
  copy(accumulators, sum);
}

// `data` begins `shift` bits into its first word, 0 < shift < 64. The last word read holds input too.
static void stripes_shifted(uint64_t accumulators[8], const word* data, unsigned shift, const word* secret,
                            size_t stripes) {
  uint64_t sum[WORDS], left = *data;
  copy(sum, accumulators);
  for (; stripes != 0; stripes--, data += WORDS, secret++) {
#pragma GCC unroll 8
    for (unsigned i = 0; i < WORDS; i++) {
      const uint64_t right = data[i + 1];
      accumulate(sum, i, (left >> shift) | (right << (64 - shift)), secret[i]);
      left = right;
    }
  }
  copy(accumulators, sum);
}

void kexec_xxh128_stripes_vector(uint64_t accumulators[8], const uint8_t* data, size_t first,
                                 size_t stripes) {
  const uintptr_t address = (uintptr_t)data;
  const word* words = (const word*)(address & ~(uintptr_t)7);
  const word* secret = (const word*)(const void*)(kexec_xxh128_secret + 8 * first);
  if (stripes == 0) return;
  if (address % 8 == 0)
    stripes_aligned(accumulators, words, secret, stripes);
  else
    stripes_shifted(accumulators, words, (unsigned)(address % 8) * 8, secret, stripes);
}
