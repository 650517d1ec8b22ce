// SPDX-License-Identifier: LGPL-2.1-or-later
// The functions a compiler may call on its own account.
#include <stddef.h>
#include <stdint.h>

void* memcpy(void* restrict to, const void* restrict from, size_t size) {
  void* destination = to;
  size_t words = size / 8, bytes = size % 8;
  __asm__ volatile("rep movsq" : "+D"(destination), "+S"(from), "+c"(words) : : "memory");
  __asm__ volatile("rep movsb" : "+D"(destination), "+S"(from), "+c"(bytes) : : "memory");
  return to;
}

void* memset(void* to, int value, size_t size) {
  void* destination = to;
  size_t words = size / 8, bytes = size % 8;
  const uint64_t pattern = (uint8_t)value * UINT64_C(0x0101010101010101);
  __asm__ volatile("rep stosq" : "+D"(destination), "+c"(words) : "a"(pattern) : "memory");
  __asm__ volatile("rep stosb" : "+D"(destination), "+c"(bytes) : "a"(pattern) : "memory");
  return to;
}
