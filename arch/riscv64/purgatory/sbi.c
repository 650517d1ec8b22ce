// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls of the RISC-V Supervisor Binary Interface; chapters are those of its specification 2.0.
#include "sbi.h"

#include "arch/purgatory/reset.h"
#include "params.h"

extern const struct kexec_riscv64_purgatory_params purgatory_params;

enum {
  SBI_BASE = 0x10,  // chapter 4
  SBI_PROBE_EXTENSION = 3,
  SBI_LEGACY_PUTCHAR = 0x01,      // chapter 5
  SBI_SYSTEM_RESET = 0x53525354,  // chapter 10, "SRST"
  SBI_COLD_REBOOT = 1,
  SBI_DEBUG_CONSOLE = 0x4442434e,  // chapter 12, "DBCN"
  SBI_WRITE_BYTE = 2,
  USUAL_FREQUENCY = 10000000,  // when the parameters do not know the timer's
};

// Returns the value; `error` gets the error (a legacy call has only that).
static uint64_t sbi_call(uint64_t extension, uint64_t function, uint64_t argument0, uint64_t argument1,
                         int64_t* error) {
  register uint64_t a0 __asm__("a0") = argument0;
  register uint64_t a1 __asm__("a1") = argument1;
  register uint64_t a6 __asm__("a6") = function;
  register uint64_t a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
  *error = (int64_t)a0;
  return a1;
}

void console_open(struct console* console) {
  int64_t error;
  const uint64_t there = sbi_call(SBI_BASE, SBI_PROBE_EXTENSION, SBI_DEBUG_CONSOLE, 0, &error);
  console->debug_console = error == 0 && there != 0;
}

static void put_byte(const struct console* console, char character) {
  int64_t error;
  if (console->debug_console)
    sbi_call(SBI_DEBUG_CONSOLE, SBI_WRITE_BYTE, (uint8_t)character, 0, &error);
  else
    sbi_call(SBI_LEGACY_PUTCHAR, 0, (uint8_t)character, 0, &error);
}

void console_put(struct console* console, char character) {
  if (character == '\n') put_byte(console, '\r');
  put_byte(console, character);
}

static uint64_t time(void) {
  uint64_t value;
  __asm__ volatile("rdtime %0" : "=r"(value));
  return value;
}

void wait_seconds(uint32_t seconds) {
  const uint64_t known = purgatory_params.timebase_frequency;
  const uint64_t ticks = seconds * (known != 0 ? known : USUAL_FREQUENCY);
  for (const uint64_t start = time(); time() - start < ticks;) {
  }
}

_Noreturn void reset_machine(void) {
  int64_t error;
  sbi_call(SBI_SYSTEM_RESET, 0, SBI_COLD_REBOOT, 0, &error);
  for (;;) __asm__ volatile("wfi");
}
