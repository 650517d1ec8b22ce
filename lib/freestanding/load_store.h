// SPDX-License-Identifier: LGPL-2.1-or-later
// Integers in memory of any alignment. __builtin_memcpy of a constant size is one move instruction.
#ifndef KEXEC_FREESTANDING_LOAD_STORE_H_
#define KEXEC_FREESTANDING_LOAD_STORE_H_

#include <stdint.h>

static inline uint32_t kexec_le32(const uint8_t* from) {
  uint32_t value;
  __builtin_memcpy(&value, from, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap32(value);
#endif
  return value;
}

static inline uint64_t kexec_le64(const uint8_t* from) {
  uint64_t value;
  __builtin_memcpy(&value, from, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

// Compilers make one instruction of it where there is one.
static inline uint32_t kexec_be32(const uint8_t* from) {
  return ((uint32_t)from[0] << 24) | ((uint32_t)from[1] << 16) | ((uint32_t)from[2] << 8) | from[3];
}

static inline void kexec_put_be32(uint8_t* to, uint32_t value) {
  to[0] = (uint8_t)(value >> 24);
  to[1] = (uint8_t)(value >> 16);
  to[2] = (uint8_t)(value >> 8);
  to[3] = (uint8_t)value;
}

static inline void kexec_put_be64(uint8_t* to, uint64_t value) {
  kexec_put_be32(to, (uint32_t)(value >> 32));
  kexec_put_be32(to + 4, (uint32_t)value);
}

#endif  // KEXEC_FREESTANDING_LOAD_STORE_H_
