// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bios.h"

#include "bios_vectors.h"
#include "io.h"

enum {
  // Intel 8259A data sheet, "Initialization command words"; vectors and wiring of the IBM PC/AT.
  PIC1_COMMAND = 0x20,
  PIC1_DATA = 0x21,
  PIC2_COMMAND = 0xa0,
  PIC2_DATA = 0xa1,
  ICW1_CASCADED = 0x11,  // edges, another controller, a fourth word follows
  ICW2_IRQ0 = 0x08,
  ICW2_IRQ8 = 0x70,
  ICW3_PIC1 = 0x04,  // the other one is at input 2
  ICW3_PIC2 = 0x02,
  ICW4_8086 = 0x01,
  // What a BIOS has handlers for: timer, keyboard, the other controller, floppy; clock, mouse, coprocessor,
  // disk.
  PIC1_MASK = 0xff & ~(1 << 0 | 1 << 1 | 1 << 2 | 1 << 6),
  PIC2_MASK = 0xff & ~(1 << 0 | 1 << 4 | 1 << 5 | 1 << 6),
  // Intel 8254 data sheet, "Control word format": channel 0, low byte then high byte, square wave. 65536
  // counts,
  // 18.2 a second, are written as 0. Channel 2 makes sounds through bits 0 and 1 of port 0x61.
  TIMER_CHANNEL0 = 0x40,
  TIMER_CONTROL = 0x43,
  TIMER_SQUARE_WAVE = 0x36,
  SPEAKER = 0x61,
  SPEAKER_BITS = 0x03,
  // System control port A (IBM PS/2 technical reference): bit 1 opens address line 20, bit 0 resets.
  CONTROL_A = 0x92,
  CONTROL_A20 = 0x02,
  CONTROL_RESET = 0x01,
  ABSENT = 0xff,
  // Reading register C of the clock ends its interrupt (Motorola MC146818 data sheet).
  CLOCK_INDEX = 0x70,
  CLOCK_DATA = 0x71,
  CLOCK_REGISTER_C = 0x0c,
  // Intel 8042: bit 0 of the status, a byte waits.
  KEYBOARD_DATA = 0x60,
  KEYBOARD_STATUS = 0x64,
  KEYBOARD_FULL = 0x01,
  KEYBOARD_BYTES = 32,  // more than any controller holds
};

static const uint8_t* low_memory(void) {
  uintptr_t address = 0;
  __asm__("" : "+r"(address));  // an address the compiler cannot judge
  return (const uint8_t*)address;
}

int bios_is_there(struct console* console) {
  const unsigned wild = kexec_bios_wild_vector(low_memory());
  if (wild == KEXEC_BIOS_SOUND) return 1;
  const uint32_t target = kexec_bios_target(low_memory(), wild);
  const uint8_t number = (uint8_t)wild;
  console_open_fallback(console);
  console_text(console, "\nkexec: real mode needs a BIOS, and interrupt vector 0x");
  console_bytes(console, &number, 1);
  console_text(console, " leads to ");
  console_hex64(console, target);
  console_text(console, ", where none is\n");
  return 0;
}

static void restore_interrupt_controllers(void) {
  port_write(PIC1_COMMAND, ICW1_CASCADED);
  port_write(PIC2_COMMAND, ICW1_CASCADED);
  port_write(PIC1_DATA, ICW2_IRQ0);
  port_write(PIC2_DATA, ICW2_IRQ8);
  port_write(PIC1_DATA, ICW3_PIC1);
  port_write(PIC2_DATA, ICW3_PIC2);
  port_write(PIC1_DATA, ICW4_8086);
  port_write(PIC2_DATA, ICW4_8086);
  port_write(PIC1_DATA, PIC1_MASK);
  port_write(PIC2_DATA, PIC2_MASK);
}

static void restore_timer(void) {
  port_write(TIMER_CONTROL, TIMER_SQUARE_WAVE);
  port_write(TIMER_CHANNEL0, 0);
  port_write(TIMER_CHANNEL0, 0);
  port_write(SPEAKER, (uint8_t)(port_read(SPEAKER) & ~SPEAKER_BITS));
}

static void open_address_line_20(void) {
  const uint8_t control = port_read(CONTROL_A);
  if (control == ABSENT || (control & CONTROL_A20)) return;
  port_write(CONTROL_A, (uint8_t)((control & ~CONTROL_RESET) | CONTROL_A20));
}

// The controllers see edges only: what is pending now would keep its line high for ever.
static void drop_what_is_pending(void) {
  for (unsigned i = 0; i < KEYBOARD_BYTES && (port_read(KEYBOARD_STATUS) & KEYBOARD_FULL); i++)
    (void)port_read(KEYBOARD_DATA);
  port_write(CLOCK_INDEX, CLOCK_REGISTER_C);
  (void)port_read(CLOCK_DATA);
}

void bios_restore_devices(void) {
  drop_what_is_pending();
  restore_interrupt_controllers();
  restore_timer();
  open_address_line_20();
}
