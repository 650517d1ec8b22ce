// SPDX-License-Identifier: LGPL-2.1-or-later
// The inner loop of XXH3 with Advanced SIMD, which every 64-bit Arm CPU has: two accumulators to a register.
// All loads are of bytes, so that purgatory may run it with caches off, where a load must be aligned.
#include <arm_neon.h>

#include "xxh128.h"

// Accumulators 2i and 2i+1 (`low`), 2i+2 and 2i+3 (`high`), from 32 bytes of input.
__attribute__((always_inline)) static inline void accumulate(uint64x2_t* low, uint64x2_t* high,
                                                             uint8x16_t word0, uint8x16_t word1,
                                                             uint8x16_t secret0, uint8x16_t secret1) {
  const uint32x4_t value0 = vreinterpretq_u32_u8(veorq_u8(word0, secret0));
  const uint32x4_t value1 = vreinterpretq_u32_u8(veorq_u8(word1, secret1));
  // The four lower and the four upper halves, to be multiplied pair by pair.
  const uint32x4_t lower = vuzp1q_u32(value0, value1), upper = vuzp2q_u32(value0, value1);
  // The input itself goes to the neighbouring accumulator.
  *low = vaddq_u64(*low, vreinterpretq_u64_u8(vextq_u8(word0, word0, 8)));
  *high = vaddq_u64(*high, vreinterpretq_u64_u8(vextq_u8(word1, word1, 8)));
  *low = vmlal_u32(*low, vget_low_u32(lower), vget_low_u32(upper));
  *high = vmlal_high_u32(*high, lower, upper);
}

void kexec_xxh128_stripes_vector(uint64_t accumulators[8], const uint8_t* data, size_t first,
                                 size_t stripes) {
  uint64x2_t sum0 = vld1q_u64(accumulators), sum1 = vld1q_u64(accumulators + 2);
  uint64x2_t sum2 = vld1q_u64(accumulators + 4), sum3 = vld1q_u64(accumulators + 6);
  const uint8_t* secret = kexec_xxh128_secret + 8 * first;
  for (; stripes != 0; stripes--, data += KEXEC_XXH128_STRIPE, secret += 8) {
    // Prefetching past the end of the data is harmless: a prefetch never faults.
    __builtin_prefetch(data + 512);
    const uint8x16x4_t words = vld1q_u8_x4(data), secrets = vld1q_u8_x4(secret);
    accumulate(&sum0, &sum1, words.val[0], words.val[1], secrets.val[0], secrets.val[1]);
    accumulate(&sum2, &sum3, words.val[2], words.val[3], secrets.val[2], secrets.val[3]);
  }
  vst1q_u64(accumulators, sum0);
  vst1q_u64(accumulators + 2, sum1);
  vst1q_u64(accumulators + 4, sum2);
  vst1q_u64(accumulators + 6, sum3);
}
