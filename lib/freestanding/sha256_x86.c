// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 compression with the SHA instructions (Intel SDM volume 2, SHA256RNDS2, SHA256MSG1, SHA256MSG2).
// Written with the compiler's builtins: <immintrin.h> would pull in <stdlib.h>.
#include "sha256.h"

typedef uint32_t vec __attribute__((vector_size(16)));  // lane 0 is the least significant
typedef int sha_vec __attribute__((vector_size(16)));   // the type the builtins take
typedef uint8_t byte_vec __attribute__((vector_size(16)));

#define SHA_TARGET __attribute__((target("sha,sse4.1")))
#define ALWAYS SHA_TARGET __attribute__((always_inline)) static inline

struct cpuid {
  uint32_t eax, ebx, ecx, edx;
};

static struct cpuid read_cpuid(uint32_t leaf) {
  struct cpuid out;
  __asm__("cpuid" : "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx), "=d"(out.edx) : "a"(leaf), "c"(0));
  return out;
}

int kexec_sha256_instructions_usable(void) {
  // CPUID.1:ECX SSSE3 (9), SSE4.1 (19); CPUID.(7,0):EBX SHA (29).
  const uint32_t sse = (1U << 9) | (1U << 19);
  if (read_cpuid(0).eax < 7) return 0;
  if ((read_cpuid(1).ecx & sse) != sse) return 0;
  return (read_cpuid(7).ebx >> 29) & 1;
}

ALWAYS vec load(const void* from) {
  vec value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}

// Four words of the block, big-endian in memory.
ALWAYS vec load_words(const uint8_t* from) {
  byte_vec bytes;
  __builtin_memcpy(&bytes, from, sizeof(bytes));
  return (vec)__builtin_shufflevector(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

// W[t..t+3] from the sixteen words before it.
ALWAYS vec next_words(vec w16, vec w12, vec w8, vec w4) {
  const vec partial = (vec)__builtin_ia32_sha256msg1((sha_vec)w16, (sha_vec)w12);
  const vec w7 = __builtin_shufflevector(w8, w4, 1, 2, 3, 4);  // W[t-7..t-4]
  return (vec)__builtin_ia32_sha256msg2((sha_vec)(partial + w7), (sha_vec)w4);
}

SHA_TARGET void kexec_sha256_blocks_instructions(uint32_t hash[8], const uint8_t* data, size_t blocks) {
  // The instructions want the state as {F, E, B, A} and {H, G, D, C}, lane 0 first.
  const vec abcd = load(hash), efgh = load(hash + 4);
  vec abef = __builtin_shufflevector(efgh, abcd, 1, 0, 5, 4);
  vec cdgh = __builtin_shufflevector(efgh, abcd, 3, 2, 7, 6);
  for (; blocks != 0; blocks--, data += KEXEC_SHA256_BLOCK) {
    const vec abef_before = abef, cdgh_before = cdgh;
    vec w[16];
    // Prefetching past the end of the data is harmless: a prefetch never faults.
    __builtin_prefetch(data + 512);
#pragma GCC unroll 16
    for (unsigned i = 0; i < 16; i++) {
      w[i] = i < 4 ? load_words(data + 16 * i) : next_words(w[i - 4], w[i - 3], w[i - 2], w[i - 1]);
      const vec sum = w[i] + load(kexec_sha256_constants + 4 * i);
      cdgh = (vec)__builtin_ia32_sha256rnds2((sha_vec)cdgh, (sha_vec)abef, (sha_vec)sum);
      const vec upper = __builtin_shufflevector(sum, sum, 2, 3, 0, 0);
      abef = (vec)__builtin_ia32_sha256rnds2((sha_vec)abef, (sha_vec)cdgh, (sha_vec)upper);
    }
    abef += abef_before;
    cdgh += cdgh_before;
  }
  const vec abcd_out = __builtin_shufflevector(abef, cdgh, 3, 2, 7, 6);
  const vec efgh_out = __builtin_shufflevector(abef, cdgh, 1, 0, 5, 4);
  __builtin_memcpy(hash, &abcd_out, sizeof(abcd_out));
  __builtin_memcpy(hash + 4, &efgh_out, sizeof(efgh_out));
}
