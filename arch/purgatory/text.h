// SPDX-License-Identifier: LGPL-2.1-or-later
// Text on a machine's console.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct console;  // the machine's own (its console.h)

// The machine's: one character; "\n" begins a new line. Never waits for ever.
void console_put(struct console* console, char character);

char hex_digit(unsigned value);  // of a value below 16

void console_text(struct console* console, const char* text);
void console_decimal(struct console* console, uint32_t value);
void console_hex64(struct console* console, uint64_t value);  // "0x" and 16 digits
void console_bytes(struct console* console, const uint8_t* bytes, size_t size);
