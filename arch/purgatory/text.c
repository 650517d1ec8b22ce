// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/purgatory/text.h"

void console_text(struct console* console, const char* text) {
  for (; *text != '\0'; text++) console_put(console, *text);
}

void console_decimal(struct console* console, uint32_t value) {
  if (value >= 10) console_decimal(console, value / 10);
  console_put(console, (char)('0' + value % 10));
}

char hex_digit(unsigned value) { return (char)(value < 10 ? '0' + value : 'a' + (value - 10)); }

void console_hex64(struct console* console, uint64_t value) {
  console_text(console, "0x");
  for (unsigned shift = 64; shift != 0; shift -= 4)
    console_put(console, hex_digit((value >> (shift - 4)) & 15));
}

void console_bytes(struct console* console, const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    console_put(console, hex_digit(bytes[i] >> 4));
    console_put(console, hex_digit(bytes[i] & 15));
  }
}
