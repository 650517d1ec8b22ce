// SPDX-License-Identifier: LGPL-2.1-or-later
// The constants and mixing functions of XXH3 (xxHash specification, "XXH3 Algorithm Overview"), and the hash
// of an input of at most 240 bytes. Private to xxh128*.c.
#ifndef KEXEC_FREESTANDING_XXH128_MATH_H_
#define KEXEC_FREESTANDING_XXH128_MATH_H_

#include <stddef.h>
#include <stdint.h>

#define XXH_PRIME32_1 0x9E3779B1ULL
#define XXH_PRIME32_2 0x85EBCA77ULL
#define XXH_PRIME32_3 0xC2B2AE3DULL
#define XXH_PRIME64_1 0x9E3779B185EBCA87ULL
#define XXH_PRIME64_2 0xC2B2AE3D27D4EB4FULL
#define XXH_PRIME64_3 0x165667B19E3779F9ULL
#define XXH_PRIME64_4 0x85EBCA77C2B2AE63ULL
#define XXH_PRIME64_5 0x27D4EB2F165667C5ULL
#define XXH_PRIME_MX1 0x165667919E3779F9ULL
#define XXH_PRIME_MX2 0x9FB21C651E98DF25ULL

enum { XXH_SHORT_MAX = 240 };

struct xxh_value {
  uint64_t low, high;
};

__extension__ typedef unsigned __int128 xxh_uint128;

// The full product of two words.
static inline struct xxh_value xxh_multiply(uint64_t a, uint64_t b) {
  const xxh_uint128 product = (xxh_uint128)a * b;
  const struct xxh_value value = {(uint64_t)product, (uint64_t)(product >> 64)};
  return value;
}

// The full product, its halves folded into one word.
static inline uint64_t xxh_fold(uint64_t a, uint64_t b) {
  const struct xxh_value product = xxh_multiply(a, b);
  return product.low ^ product.high;
}

static inline uint64_t xxh_avalanche(uint64_t x) {
  x = (x ^ (x >> 37)) * XXH_PRIME_MX1;
  return x ^ (x >> 32);
}

// The hash of `size` bytes, size <= XXH_SHORT_MAX. (xxh128_short.c)
struct xxh_value xxh_short(const uint8_t* data, size_t size);

#endif  // KEXEC_FREESTANDING_XXH128_MATH_H_
