// SPDX-License-Identifier: LGPL-2.1-or-later
// XXH3-128 of more than 240 bytes, and streaming. The names follow the specification's steps.
#include "xxh128.h"

#include "load_store.h"
#include "xxh128_math.h"

enum { STRIPES_PER_BLOCK = (KEXEC_XXH128_SECRET - KEXEC_XXH128_STRIPE) / 8 };

__attribute__((aligned(16))) const uint8_t kexec_xxh128_secret[KEXEC_XXH128_SECRET] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e};

static void accumulate(uint64_t accumulators[8], const uint8_t* stripe, const uint8_t* secret) {
  for (unsigned i = 0; i < 8; i++) {
    const uint64_t word = kexec_le64(stripe + 8 * i);
    const uint64_t value = word ^ kexec_le64(secret + 8 * i);
    accumulators[i ^ 1] += word;
    accumulators[i] += (value & 0xffffffff) * (value >> 32);
  }
}

static void scramble(uint64_t accumulators[8]) {
  for (unsigned i = 0; i < 8; i++) {
    const uint64_t secret =
        kexec_le64(kexec_xxh128_secret + KEXEC_XXH128_SECRET - KEXEC_XXH128_STRIPE + 8 * i);
    accumulators[i] = (accumulators[i] ^ (accumulators[i] >> 47) ^ secret) * XXH_PRIME32_1;
  }
}

void kexec_xxh128_stripes_portable(uint64_t accumulators[8], const uint8_t* data, size_t first,
                                   size_t stripes) {
  for (size_t i = 0; i < stripes; i++)
    accumulate(accumulators, data + i * KEXEC_XXH128_STRIPE, kexec_xxh128_secret + 8 * (first + i));
}

// Consumes `stripes` whole stripes that are followed by more input; any number of blocks.
static void consume(struct kexec_xxh128* state, const uint8_t* data, size_t stripes) {
  while (stripes != 0) {
    const size_t left_in_block = STRIPES_PER_BLOCK - state->stripe;
    const size_t now = stripes < left_in_block ? stripes : left_in_block;
    if (state->portable)
      kexec_xxh128_stripes_portable(state->accumulators, data, state->stripe, now);
    else
      kexec_xxh128_stripes_vector(state->accumulators, data, state->stripe, now);
    state->stripe += (uint32_t)now;
    if (state->stripe == STRIPES_PER_BLOCK) {
      scramble(state->accumulators);
      state->stripe = 0;
    }
    data += now * KEXEC_XXH128_STRIPE;
    stripes -= now;
  }
}

static uint64_t final_merge(const uint64_t accumulators[8], uint64_t initial, const uint8_t* secret) {
  uint64_t result = initial;
  for (unsigned i = 0; i < 8; i += 2)
    result += xxh_fold(accumulators[i] ^ kexec_le64(secret + 8 * i),
                       accumulators[i + 1] ^ kexec_le64(secret + 8 * i + 8));
  return xxh_avalanche(result);
}

void kexec_xxh128_init(struct kexec_xxh128* state, int portable) {
  static const uint64_t initial[8] = {XXH_PRIME32_3, XXH_PRIME64_1, XXH_PRIME64_2, XXH_PRIME64_3,
                                      XXH_PRIME64_4, XXH_PRIME32_2, XXH_PRIME64_5, XXH_PRIME32_1};
  for (unsigned i = 0; i < 8; i++) state->accumulators[i] = initial[i];
  state->total = 0;
  state->buffered = 0;
  state->stripe = 0;
  state->portable = portable != 0;
  state->reserved = 0;
}

void kexec_xxh128_update(struct kexec_xxh128* state, const uint8_t* data, size_t size) {
  if (size == 0) return;
  state->total += size;
  const size_t room = KEXEC_XXH128_BUFFER - state->buffered;
  if (size > room && state->buffered != 0) {
    __builtin_memcpy(state->buffer + state->buffered, data, room);
    consume(state, state->buffer, KEXEC_XXH128_BUFFER / KEXEC_XXH128_STRIPE);
    __builtin_memcpy(state->last, state->buffer + KEXEC_XXH128_BUFFER - KEXEC_XXH128_STRIPE,
                     KEXEC_XXH128_STRIPE);
    state->buffered = 0;
    data += room;
    size -= room;
  }
  if (size > KEXEC_XXH128_BUFFER - state->buffered) {  // here the buffer is empty
    const size_t stripes = (size - 1) / KEXEC_XXH128_STRIPE;
    const size_t taken = stripes * KEXEC_XXH128_STRIPE;
    consume(state, data, stripes);
    __builtin_memcpy(state->last, data + taken - KEXEC_XXH128_STRIPE, KEXEC_XXH128_STRIPE);
    data += taken;
    size -= taken;
  }
  __builtin_memcpy(state->buffer + state->buffered, data, size);
  state->buffered += (uint32_t)size;
}

void kexec_xxh128_final(const struct kexec_xxh128* state, uint8_t out[16]) {
  struct xxh_value value;
  if (state->total <= XXH_SHORT_MAX) {
    value = xxh_short(state->buffer, (size_t)state->total);
  } else {
    struct kexec_xxh128 end = *state;
    uint8_t stripe[KEXEC_XXH128_STRIPE];  // the last 64 bytes of the input, which may reach back before the
                                          // buffer
    const size_t kept = end.buffered < KEXEC_XXH128_STRIPE ? end.buffered : KEXEC_XXH128_STRIPE;
    __builtin_memcpy(stripe, end.last + kept, KEXEC_XXH128_STRIPE - kept);
    __builtin_memcpy(stripe + KEXEC_XXH128_STRIPE - kept, end.buffer + end.buffered - kept, kept);
    consume(&end, end.buffer, (end.buffered - 1) / KEXEC_XXH128_STRIPE);
    accumulate(end.accumulators, stripe, kexec_xxh128_secret + KEXEC_XXH128_SECRET - 71);
    value.low = final_merge(end.accumulators, end.total * XXH_PRIME64_1, kexec_xxh128_secret + 11);
    value.high = final_merge(end.accumulators, ~(end.total * XXH_PRIME64_2),
                             kexec_xxh128_secret + KEXEC_XXH128_SECRET - 75);
  }
  kexec_put_be64(out, value.high);
  kexec_put_be64(out + 8, value.low);
}
