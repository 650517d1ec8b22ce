// SPDX-License-Identifier: LGPL-2.1-or-later
#include "console.h"

enum {
  // Arm PrimeCell UART (PL011) Technical Reference Manual, "Register summary".
  PL011_DATA = 0x00,
  PL011_FLAGS = 0x18,
  PL011_TRANSMIT_FULL = 1 << 5,
  // 16550 data sheet, "Register summary"; numbers of registers.
  UART_DATA = 0,
  UART_LINE_STATUS = 5,
  UART_TRANSMITTER_EMPTY = 1 << 5,
  // A byte at 300 baud takes 33 ms; reading a device takes about a tenth of a microsecond.
  TRANSMIT_POLLS = 1000000,
};

static uint32_t read32(uint64_t address) { return *(volatile uint32_t*)(uintptr_t)address; }
static void write32(uint64_t address, uint32_t value) { *(volatile uint32_t*)(uintptr_t)address = value; }
static uint8_t read8(uint64_t address) { return *(volatile uint8_t*)(uintptr_t)address; }
static void write8(uint64_t address, uint8_t value) { *(volatile uint8_t*)(uintptr_t)address = value; }

static int takes_a_byte(const struct console* console) {
  if (console->kind == KEXEC_ARM64_CONSOLE_PL011)
    return (read32(console->base + PL011_FLAGS) & PL011_TRANSMIT_FULL) == 0;
  if (console->kind == KEXEC_ARM64_CONSOLE_8250)
    return (read8(console->base + UART_LINE_STATUS) & UART_TRANSMITTER_EMPTY) != 0;
  return (read32(console->base + 4 * UART_LINE_STATUS) & UART_TRANSMITTER_EMPTY) != 0;
}

// A port that does not take a byte in time is given up.
static void serial_put(struct console* console, char character) {
  for (uint32_t polls = TRANSMIT_POLLS; console->kind != KEXEC_ARM64_CONSOLE_NONE; polls--) {
    if (polls == 0) {
      console->kind = KEXEC_ARM64_CONSOLE_NONE;
    } else if (takes_a_byte(console)) {
      if (console->kind == KEXEC_ARM64_CONSOLE_8250)
        write8(console->base + UART_DATA, (uint8_t)character);
      else
        write32(console->base + UART_DATA, (uint8_t)character);  // PL011_DATA has the same offset
      return;
    }
  }
}

void console_put(struct console* console, char character) {
  if (character == '\n') serial_put(console, '\r');
  serial_put(console, character);
}

void console_open(struct console* console, const struct kexec_arm64_purgatory_params* params) {
  console->kind = params->console_kind <= KEXEC_ARM64_CONSOLE_8250_MMIO32 ? params->console_kind
                                                                          : KEXEC_ARM64_CONSOLE_NONE;
  console->base = params->console_base;
}
