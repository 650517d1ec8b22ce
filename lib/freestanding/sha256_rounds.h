// SPDX-License-Identifier: LGPL-2.1-or-later
// The compression function of SHA-256 in C; § numbers are those of FIPS 180-4. Whoever includes this has
// defined BIG_SIGMA0, BIG_SIGMA1, SMALL_SIGMA0 and SMALL_SIGMA1 (§4.1.2), and includes it once.
#ifndef KEXEC_FREESTANDING_SHA256_ROUNDS_H_
#define KEXEC_FREESTANDING_SHA256_ROUNDS_H_

#include "load_store.h"
#include "sha256.h"

// Ch and Maj in the forms that need one operation less.
#define CHOOSE(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MAJORITY(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))

// One round of §6.2.2 step 3. The eight variables are renamed by the caller, not moved; `word` is W[t].
#define ROUND(a, b, c, d, e, f, g, h, t, word)                                                       \
  do {                                                                                               \
    const uint32_t sum = (h) + BIG_SIGMA1(e) + CHOOSE(e, f, g) + kexec_sha256_constants[t] + (word); \
    (d) += sum;                                                                                      \
    (h) = sum + BIG_SIGMA0(a) + MAJORITY(a, b, c);                                                   \
  } while (0)

// W[t] for t < 16 comes from the block, later ones replace W[t - 16] in a ring of 16 (§6.2.2 step 1).
#define FIRST(i) (w[i] = kexec_be32(data + 4 * (i)))
#define NEXT(i) \
  (w[i] += SMALL_SIGMA0(w[((i) + 1) & 15]) + w[((i) + 9) & 15] + SMALL_SIGMA1(w[((i) + 14) & 15]))

#define EIGHT_ROUNDS(t, i, WORD)                         \
  ROUND(a, b, c, d, e, f, g, h, (t) + 0, WORD((i) + 0)); \
  ROUND(h, a, b, c, d, e, f, g, (t) + 1, WORD((i) + 1)); \
  ROUND(g, h, a, b, c, d, e, f, (t) + 2, WORD((i) + 2)); \
  ROUND(f, g, h, a, b, c, d, e, (t) + 3, WORD((i) + 3)); \
  ROUND(e, f, g, h, a, b, c, d, (t) + 4, WORD((i) + 4)); \
  ROUND(d, e, f, g, h, a, b, c, (t) + 5, WORD((i) + 5)); \
  ROUND(c, d, e, f, g, h, a, b, (t) + 6, WORD((i) + 6)); \
  ROUND(b, c, d, e, f, g, h, a, (t) + 7, WORD((i) + 7))

static inline void kexec_sha256_compress(uint32_t hash[8], const uint8_t* data, size_t blocks) {
  for (; blocks != 0; blocks--, data += KEXEC_SHA256_BLOCK) {
    uint32_t w[16];
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    EIGHT_ROUNDS(0, 0, FIRST);
    EIGHT_ROUNDS(8, 8, FIRST);
    for (unsigned t = 16; t < 64; t += 16) {
      EIGHT_ROUNDS(t, 0, NEXT);
      EIGHT_ROUNDS(t + 8, 8, NEXT);
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d;
    hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
  }
}

#endif  // KEXEC_FREESTANDING_SHA256_ROUNDS_H_
