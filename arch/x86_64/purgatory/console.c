// SPDX-License-Identifier: LGPL-2.1-or-later
#include "console.h"

#include "io.h"
#include "vga.h"

enum {
  COM1 = 0x3f8,
  // Registers of a 16550 (data sheet, "Register summary"), as offsets from its base.
  UART_DATA = 0,
  UART_DIVISOR_LOW = 0,   // with LCR_DIVISOR_LATCH
  UART_DIVISOR_HIGH = 1,  // with LCR_DIVISOR_LATCH
  UART_INTERRUPTS = 1,
  UART_FIFO = 2,
  UART_LINE_CONTROL = 3,
  UART_MODEM_CONTROL = 4,
  UART_LINE_STATUS = 5,
  UART_SCRATCH = 7,
  LCR_8N1 = 0x03,
  LCR_DIVISOR_LATCH = 0x80,
  MCR_DTR_RTS = 0x03,
  FIFO_ENABLE_CLEAR = 0x07,
  LSR_EMPTY = 0x20,  // the transmitter takes a byte
  LSR_ABSENT = 0xff,
  // A byte at 300 baud takes 33 ms; a port read takes about a microsecond.
  TRANSMIT_POLLS = 100000,
};

static uint16_t uart(const struct console* console, unsigned reg) {
  return (uint16_t)(console->serial_base + reg);
}

static void serial_configure(const struct console* console, uint32_t divisor) {
  port_write(uart(console, UART_INTERRUPTS), 0);
  port_write(uart(console, UART_LINE_CONTROL), LCR_DIVISOR_LATCH | LCR_8N1);
  port_write(uart(console, UART_DIVISOR_LOW), (uint8_t)divisor);
  port_write(uart(console, UART_DIVISOR_HIGH), (uint8_t)(divisor >> 8));
  port_write(uart(console, UART_LINE_CONTROL), LCR_8N1);
  port_write(uart(console, UART_FIFO), FIFO_ENABLE_CLEAR);
  port_write(uart(console, UART_MODEM_CONTROL), MCR_DTR_RTS);
}

// A port that does not take a byte in time is given up.
static void serial_put(struct console* console, char character) {
  for (uint32_t polls = TRANSMIT_POLLS; console->serial_base != 0; polls--) {
    const uint8_t status = port_read(uart(console, UART_LINE_STATUS));
    if (status == LSR_ABSENT || polls == 0) {
      console->serial_base = 0;
    } else if (status & LSR_EMPTY) {
      port_write(uart(console, UART_DATA), (uint8_t)character);
      return;
    }
  }
}

static int uart_answers(uint16_t base) {
  if (port_read((uint16_t)(base + UART_LINE_STATUS)) == LSR_ABSENT) return 0;
  port_write((uint16_t)(base + UART_SCRATCH), 0x5a);
  if (port_read((uint16_t)(base + UART_SCRATCH)) != 0x5a) return 0;
  port_write((uint16_t)(base + UART_SCRATCH), 0xa5);
  return port_read((uint16_t)(base + UART_SCRATCH)) == 0xa5;
}

void console_put(struct console* console, char character) {
  if (character == '\n') serial_put(console, '\r');
  serial_put(console, character);
  if (console->vga) vga_put(character);
}

void console_open(struct console* console, const struct kexec_purgatory_params* params) {
  console->serial_base = (uint16_t)params->serial_base;
  console->vga = params->console_vga != 0;
  if (console->serial_base != 0 && params->serial_divisor != 0)
    serial_configure(console, params->serial_divisor);
}

void console_open_fallback(struct console* console) {
  if (console->serial_base == 0 && !console->vga && uart_answers(COM1)) console->serial_base = COM1;
}
