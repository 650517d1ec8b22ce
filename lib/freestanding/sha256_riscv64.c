// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 compression with the Zknh instructions (RISC-V Scalar Cryptography 1.0: sha256sig0, sha256sig1,
// sha256sum0, sha256sum1). Written as numbers, for assemblers that do not know them.
#include "sha256.h"

// OP-IMM, funct3 1, and the immediate that makes it the one or the other.
#define ZKNH(name, immediate)                                                          \
  __attribute__((always_inline)) static inline uint32_t name(uint32_t x) {             \
    uint64_t result;                                                                   \
    __asm__(".insn i 0x13, 1, %0, %1, " #immediate : "=r"(result) : "r"((uint64_t)x)); \
    return (uint32_t)result;                                                           \
  }
ZKNH(sum0, 0x100)
ZKNH(sum1, 0x101)
ZKNH(sig0, 0x102)
ZKNH(sig1, 0x103)

#define BIG_SIGMA0(x) sum0(x)
#define BIG_SIGMA1(x) sum1(x)
#define SMALL_SIGMA0(x) sig0(x)
#define SMALL_SIGMA1(x) sig1(x)
#include "sha256_rounds.h"

int kexec_sha256_instructions_usable(void) { return 0; }

void kexec_sha256_blocks_instructions(uint32_t hash[8], const uint8_t* data, size_t blocks) {
  kexec_sha256_compress(hash, data, blocks);
}
