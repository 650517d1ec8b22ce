// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 compression with the SHA2 instructions of Armv8 (Arm ARM, SHA256H, SHA256H2, SHA256SU0, SHA256SU1).
#include <arm_neon.h>

#include "sha256.h"
#if __STDC_HOSTED__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define SHA_TARGET __attribute__((target("+crypto")))

int kexec_sha256_instructions_usable(void) {
#if __STDC_HOSTED__
  return (getauxval(AT_HWCAP) & HWCAP_SHA2) != 0;
#else
  // ID_AA64ISAR0_EL1.SHA2, bits 15:12 (Arm ARM, D19.2.61): purgatory runs where it may be read.
  uint64_t features;
  __asm__("mrs %0, id_aa64isar0_el1" : "=r"(features));
  return ((features >> 12) & 15) != 0;
#endif
}

// Four words of the block, big-endian in memory.
SHA_TARGET __attribute__((always_inline)) static inline uint32x4_t load_words(const uint8_t* from) {
  return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(from)));
}

SHA_TARGET void kexec_sha256_blocks_instructions(uint32_t hash[8], const uint8_t* data, size_t blocks) {
  uint32x4_t abcd = vld1q_u32(hash), efgh = vld1q_u32(hash + 4);
  for (; blocks != 0; blocks--, data += KEXEC_SHA256_BLOCK) {
    const uint32x4_t abcd_before = abcd, efgh_before = efgh;
    uint32x4_t w[16];
    // Prefetching past the end of the data is harmless: a prefetch never faults.
    __builtin_prefetch(data + 512);
#pragma GCC unroll 16
    for (unsigned i = 0; i < 16; i++) {
      w[i] = i < 4 ? load_words(data + 16 * i)
                   : vsha256su1q_u32(vsha256su0q_u32(w[i - 4], w[i - 3]), w[i - 2], w[i - 1]);
      const uint32x4_t sum = vaddq_u32(w[i], vld1q_u32(kexec_sha256_constants + 4 * i));
      const uint32x4_t abcd_now = abcd;
      abcd = vsha256hq_u32(abcd, efgh, sum);
      efgh = vsha256h2q_u32(efgh, abcd_now, sum);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(hash, abcd);
  vst1q_u32(hash + 4, efgh);
}
