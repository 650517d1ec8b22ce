// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 after FIPS 180-4; § numbers below are that document's. (sha256_<machine>.c has the other
// compression function.)
#include "sha256.h"

#include "load_store.h"

// §4.2.2
__attribute__((aligned(16))) const uint32_t kexec_sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotate_right(uint32_t x, unsigned n) { return (x >> n) | (x << (32 - n)); }

// §4.1.2
#define BIG_SIGMA0(x) (rotate_right(x, 2) ^ rotate_right(x, 13) ^ rotate_right(x, 22))
#define BIG_SIGMA1(x) (rotate_right(x, 6) ^ rotate_right(x, 11) ^ rotate_right(x, 25))
#define SMALL_SIGMA0(x) (rotate_right(x, 7) ^ rotate_right(x, 18) ^ ((x) >> 3))
#define SMALL_SIGMA1(x) (rotate_right(x, 17) ^ rotate_right(x, 19) ^ ((x) >> 10))

#include "sha256_rounds.h"

void kexec_sha256_blocks_portable(uint32_t hash[8], const uint8_t* data, size_t blocks) {
  kexec_sha256_compress(hash, data, blocks);
}

static void compress(struct kexec_sha256* state, const uint8_t* data, size_t blocks) {
  if (state->use_instructions)
    kexec_sha256_blocks_instructions(state->hash, data, blocks);
  else
    kexec_sha256_blocks_portable(state->hash, data, blocks);
}

void kexec_sha256_init(struct kexec_sha256* state, int instructions) {
  // §5.3.3
  static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (unsigned i = 0; i < 8; i++) state->hash[i] = initial[i];
  state->buffered = 0;
  state->total = 0;
  state->use_instructions = instructions != 0;
}

void kexec_sha256_update(struct kexec_sha256* state, const uint8_t* data, size_t size) {
  if (size == 0) return;
  state->total += size;
  if (state->buffered != 0) {
    const size_t room = KEXEC_SHA256_BLOCK - state->buffered;
    const size_t taken = size < room ? size : room;
    __builtin_memcpy(state->buffer + state->buffered, data, taken);
    state->buffered += (uint32_t)taken;
    if (state->buffered < KEXEC_SHA256_BLOCK) return;
    compress(state, state->buffer, 1);
    state->buffered = 0;
    data += taken;
    size -= taken;
  }
  const size_t blocks = size / KEXEC_SHA256_BLOCK;
  compress(state, data, blocks);
  state->buffered = (uint32_t)(size % KEXEC_SHA256_BLOCK);
  __builtin_memcpy(state->buffer, data + blocks * KEXEC_SHA256_BLOCK, state->buffered);
}

void kexec_sha256_final(const struct kexec_sha256* state, uint8_t out[32]) {
  // §5.1.1: a one bit, zeros, and the length in bits, up to the end of a block.
  struct kexec_sha256 last = *state;
  uint8_t padding[2 * KEXEC_SHA256_BLOCK] = {0x80};
  const size_t zeros_end = (last.buffered < 56 ? 56U : 120U) - last.buffered;
  kexec_put_be64(padding + zeros_end, last.total * 8);
  kexec_sha256_update(&last, padding, zeros_end + 8);
  for (unsigned i = 0; i < 8; i++) kexec_put_be32(out + 4 * i, last.hash[i]);
}
