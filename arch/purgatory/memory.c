// SPDX-License-Identifier: LGPL-2.1-or-later
// The functions a compiler may call on its own account, for small and rare pieces only.
#include <stddef.h>
#include <stdint.h>

void* memcpy(void* restrict to, const void* restrict from, size_t size) {
  uint8_t* destination = to;
  const uint8_t* source = from;
  for (; size != 0; size--) *destination++ = *source++;
  return to;
}

void* memset(void* to, int value, size_t size) {
  uint8_t* destination = to;
  for (; size != 0; size--) *destination++ = (uint8_t)value;
  return to;
}

#if defined(__riscv)
// Without Zbb there is no instruction for these two.
uint32_t __bswapsi2(uint32_t value);
uint64_t __bswapdi2(uint64_t value);

uint32_t __bswapsi2(uint32_t value) {
  const uint32_t pairs = ((value & 0x00ff00ff) << 8) | ((value >> 8) & 0x00ff00ff);
  return (pairs << 16) | (pairs >> 16);
}

uint64_t __bswapdi2(uint64_t value) {
  return ((uint64_t)__bswapsi2((uint32_t)value) << 32) | __bswapsi2((uint32_t)(value >> 32));
}
#endif
