// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 (FIPS 180-4), streaming. Callers other than tests and benchmarks use digest.h.
#ifndef KEXEC_FREESTANDING_SHA256_H_
#define KEXEC_FREESTANDING_SHA256_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KEXEC_SHA256_BLOCK = 64 };  // bytes

struct kexec_sha256 {
  uint32_t hash[8];
  uint32_t buffered;                   // bytes in `buffer`, below KEXEC_SHA256_BLOCK
  uint32_t use_instructions;           // the CPU's SHA instructions
  uint64_t total;                      // bytes appended so far
  uint8_t buffer[KEXEC_SHA256_BLOCK];  // an unfinished block
};

// `instructions`: whether to use the CPU's SHA instructions, which must then be there.
void kexec_sha256_init(struct kexec_sha256* state, int instructions);
void kexec_sha256_update(struct kexec_sha256* state, const uint8_t* data, size_t size);
void kexec_sha256_final(const struct kexec_sha256* state, uint8_t out[32]);

// The 64 round constants of FIPS 180-4 §4.2.2, 16-byte aligned.
extern const uint32_t kexec_sha256_constants[64];

// Both implementations of the compression function over `blocks` consecutive blocks.
void kexec_sha256_blocks_portable(uint32_t hash[8], const uint8_t* data, size_t blocks);
// Only where the CPU has them. sha256_<machine>.c; digest_other.c for a machine without such a file.
void kexec_sha256_blocks_instructions(uint32_t hash[8], const uint8_t* data, size_t blocks);

// Whether this CPU has SHA instructions and what they need, as far as it can be asked (RISC-V cannot: 0). The
// caller's environment must let vector registers be used (an operating system does; purgatory's entry sees to
// it itself).
int kexec_sha256_instructions_usable(void);

#ifdef __cplusplus
}
#endif

#endif  // KEXEC_FREESTANDING_SHA256_H_
