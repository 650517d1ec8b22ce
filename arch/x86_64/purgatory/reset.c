// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/purgatory/reset.h"

#include "io.h"

enum {
  // The 8254's channel 2 counts at 1193182 Hz; its gate and output are bits 0 and 5 of port 0x61, bit 1 is
  // the
  // loudspeaker (Intel 8254 data sheet; PC/AT technical reference).
  TIMER_CHANNEL2 = 0x42,
  TIMER_CONTROL = 0x43,
  TIMER_GATE = 0x61,
  TIMER_COMMAND = 0xb0,  // channel 2, low byte then high byte, mode 0: output rises at the end of the count
  GATE_ON = 0x01,
  SPEAKER_ON = 0x02,
  OUTPUT_HIGH = 0x20,
  TICK_COUNT = 11932,  // 10 ms
  TICKS_PER_SECOND = 100,
  TICK_POLLS = 200000,     // far more than 10 ms of port reads
  FALLBACK_PORT = 0x80,    // a read takes about a microsecond on the bus
  FALLBACK_READS = 10000,  // so this is about 10 ms
  RESET_CONTROL = 0xcf9,   // chipset reset control register: bit 1 = hard, bit 2 rising = now
  RESET_HARD = 0x02,
  RESET_NOW = 0x04,
  KEYBOARD_COMMAND = 0x64,
  KEYBOARD_BUSY = 0x02,
  KEYBOARD_PULSE_RESET = 0xfe,
};

static void pause_tick(void) {
  for (uint32_t reads = FALLBACK_READS; reads != 0; reads--) (void)port_read(FALLBACK_PORT);
}

// Waits 10 ms by the timer; returns 0 when it turns out not to count.
static int timer_tick(void) {
  port_write(TIMER_GATE, (uint8_t)((port_read(TIMER_GATE) & ~SPEAKER_ON) | GATE_ON));
  port_write(TIMER_CONTROL, TIMER_COMMAND);
  port_write(TIMER_CHANNEL2, TICK_COUNT & 0xff);
  port_write(TIMER_CHANNEL2, TICK_COUNT >> 8);
  // The count has just begun, so the output is low; or else nobody is there, or this CPU was held up
  // meanwhile.
  if (port_read(TIMER_GATE) & OUTPUT_HIGH) {
    pause_tick();
    return 1;
  }
  for (uint32_t polls = TICK_POLLS; polls != 0; polls--)
    if (port_read(TIMER_GATE) & OUTPUT_HIGH) return 1;
  return 0;
}

void wait_seconds(uint32_t seconds) {
  int counts = 1;
  for (; seconds != 0; seconds--)
    for (uint32_t ticks = TICKS_PER_SECOND; ticks != 0; ticks--) {
      if (counts)
        counts = timer_tick();
      else
        pause_tick();
    }
}

// By the reset control register, the keyboard controller, or a triple fault.
_Noreturn void reset_machine(void) {
  const uint8_t control = (uint8_t)(port_read(RESET_CONTROL) & ~(RESET_HARD | RESET_NOW));
  port_write(RESET_CONTROL, control | RESET_HARD);
  pause_tick();
  port_write(RESET_CONTROL, control | RESET_HARD | RESET_NOW);
  pause_tick();
  for (uint32_t polls = FALLBACK_READS; polls != 0 && (port_read(KEYBOARD_COMMAND) & KEYBOARD_BUSY);
       polls--) {
  }
  port_write(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
  pause_tick();
  // An exception that cannot be delivered, twice, shuts the processor down, which resets the machine.
  const struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) no_interrupts = {0, 0};
  __asm__ volatile("lidt %0\n\tint3" : : "m"(no_interrupts));
  for (;;) __asm__ volatile("hlt");
}
