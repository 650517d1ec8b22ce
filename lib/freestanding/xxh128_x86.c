// SPDX-License-Identifier: LGPL-2.1-or-later
// The inner loop of XXH3 with SSE2, which every 64-bit x86 CPU has: two accumulators to a register.
#include "xxh128.h"

typedef uint64_t vec __attribute__((vector_size(16)));
typedef int words_vec __attribute__((vector_size(16)));  // the type the builtin takes

__attribute__((always_inline)) static inline vec load(const void* from) {
  vec value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}

void kexec_xxh128_stripes_vector(uint64_t accumulators[8], const uint8_t* data, size_t first,
                                 size_t stripes) {
  vec sum[4];
  __builtin_memcpy(sum, accumulators, sizeof(sum));
  const uint8_t* secret = kexec_xxh128_secret + 8 * first;
  for (; stripes != 0; stripes--, data += KEXEC_XXH128_STRIPE, secret += 8) {
    // Prefetching past the end of the data is harmless: a prefetch never faults.
    __builtin_prefetch(data + 512);
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
      const vec word = load(data + 16 * i);
      const vec value = word ^ load(secret + 16 * i);
      // PMULUDQ: the low 32 bits of each lane of one operand times those of the other.
      const vec product = (vec)__builtin_ia32_pmuludq128((words_vec)value, (words_vec)(value >> 32));
      sum[i] += product + __builtin_shufflevector(word, word, 1, 0);
    }
  }
  __builtin_memcpy(accumulators, sum, sizeof(sum));
}
