// SPDX-License-Identifier: LGPL-2.1-or-later
// XXH3-128 of at most 240 bytes: the specification's small (0 to 16) and medium (17 to 240) inputs. With seed
// 0 the terms that contain the seed vanish.
#include "load_store.h"
#include "xxh128.h"
#include "xxh128_math.h"

static uint64_t secret64(size_t offset) { return kexec_le64(kexec_xxh128_secret + offset); }
static uint32_t secret32(size_t offset) { return kexec_le32(kexec_xxh128_secret + offset); }

static uint64_t avalanche_xxh64(uint64_t x) {
  x = (x ^ (x >> 33)) * XXH_PRIME64_2;
  x = (x ^ (x >> 29)) * XXH_PRIME64_3;
  return x ^ (x >> 32);
}

static struct xxh_value hash_empty(void) {
  const struct xxh_value value = {avalanche_xxh64(secret64(64) ^ secret64(72)),
                                  avalanche_xxh64(secret64(80) ^ secret64(88))};
  return value;
}

static struct xxh_value hash_1_to_3(const uint8_t* data, size_t size) {
  const uint32_t combined =
      data[size - 1] | ((uint32_t)size << 8) | ((uint32_t)data[0] << 16) | ((uint32_t)data[size >> 1] << 24);
  const uint32_t swapped = __builtin_bswap32(combined);
  const uint32_t rotated = (swapped << 13) | (swapped >> 19);
  const struct xxh_value value = {avalanche_xxh64((uint64_t)(secret32(0) ^ secret32(4)) ^ combined),
                                  avalanche_xxh64((uint64_t)(secret32(8) ^ secret32(12)) ^ rotated)};
  return value;
}

static struct xxh_value hash_4_to_8(const uint8_t* data, size_t size) {
  const uint64_t combined = kexec_le32(data) | ((uint64_t)kexec_le32(data + size - 4) << 32);
  struct xxh_value value =
      xxh_multiply((secret64(16) ^ secret64(24)) ^ combined, XXH_PRIME64_1 + ((uint64_t)size << 2));
  value.high += value.low << 1;
  value.low ^= value.high >> 3;
  value.low = (value.low ^ (value.low >> 35)) * XXH_PRIME_MX2;
  value.low ^= value.low >> 28;
  value.high = xxh_avalanche(value.high);
  return value;
}

static struct xxh_value hash_9_to_16(const uint8_t* data, size_t size) {
  const uint64_t first = kexec_le64(data), last = kexec_le64(data + size - 8);
  const uint64_t mixed = secret64(32) ^ secret64(40) ^ first ^ last;
  const uint64_t keyed = secret64(48) ^ secret64(56) ^ last;
  struct xxh_value value = xxh_multiply(mixed, XXH_PRIME64_1);
  value.low += (uint64_t)(size - 1) << 54;
  value.high += ((keyed >> 32) << 32) + (keyed & 0xffffffff) * XXH_PRIME32_2;
  value.low ^= __builtin_bswap64(value.high);
  const struct xxh_value product = xxh_multiply(value.low, XXH_PRIME64_2);
  value.low = xxh_avalanche(product.low);
  value.high = xxh_avalanche(product.high + value.high * XXH_PRIME64_2);
  return value;
}

// mixStep and mixTwoChunks of the specification; the two accumulators are `sum`.
static uint64_t mix_step(const uint8_t* data, size_t secret_offset) {
  return xxh_fold(kexec_le64(data) ^ secret64(secret_offset),
                  kexec_le64(data + 8) ^ secret64(secret_offset + 8));
}

static void mix_two(struct xxh_value* sum, const uint8_t* data1, const uint8_t* data2, size_t secret_offset) {
  sum->low += mix_step(data1, secret_offset);
  sum->high += mix_step(data2, secret_offset + 16);
  sum->low ^= kexec_le64(data2) + kexec_le64(data2 + 8);
  sum->high ^= kexec_le64(data1) + kexec_le64(data1 + 8);
}

static struct xxh_value hash_medium(const uint8_t* data, size_t size) {
  struct xxh_value sum = {(uint64_t)size * XXH_PRIME64_1, 0};
  if (size <= 128) {
    for (size_t i = ((size - 1) >> 5) + 1; i-- > 0;)
      mix_two(&sum, data + 16 * i, data + size - 16 * i - 16, 32 * i);
  } else {
    for (size_t i = 0; i < 4; i++) mix_two(&sum, data + 32 * i, data + 32 * i + 16, 32 * i);
    sum.low = xxh_avalanche(sum.low);
    sum.high = xxh_avalanche(sum.high);
    for (size_t i = 4; i < size >> 5; i++) mix_two(&sum, data + 32 * i, data + 32 * i + 16, 32 * (i - 4) + 3);
    mix_two(&sum, data + size - 16, data + size - 32, 103);
  }
  const uint64_t high = sum.low * XXH_PRIME64_1 + sum.high * XXH_PRIME64_4 + (uint64_t)size * XXH_PRIME64_2;
  const struct xxh_value value = {xxh_avalanche(sum.low + sum.high), 0 - xxh_avalanche(high)};
  return value;
}

struct xxh_value xxh_short(const uint8_t* data, size_t size) {
  if (size > 16) return hash_medium(data, size);
  if (size > 8) return hash_9_to_16(data, size);
  if (size > 3) return hash_4_to_8(data, size);
  if (size > 0) return hash_1_to_3(data, size);
  return hash_empty();
}
