// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/purgatory/reset.h"

#include "params.h"

extern const struct kexec_arm64_purgatory_params purgatory_params;

#define PSCI_SYSTEM_RESET UINT64_C(0x84000009)  // Arm DEN 0022, 5.11

enum { USUAL_FREQUENCY = 100000000 };  // for a firmware that did not set CNTFRQ_EL0

static uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value));
  return value;
}

void wait_seconds(uint32_t seconds) {
  uint64_t frequency;
  __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
  if (frequency == 0) frequency = USUAL_FREQUENCY;
  for (const uint64_t start = counter(), ticks = seconds * frequency; counter() - start < ticks;) {
  }
}

// By PSCI, the way the parameters say it is called.
_Noreturn void reset_machine(void) {
  register uint64_t function __asm__("x0") = PSCI_SYSTEM_RESET;
  if (purgatory_params.psci_conduit == KEXEC_ARM64_PSCI_HVC)
    __asm__ volatile("hvc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
  else if (purgatory_params.psci_conduit == KEXEC_ARM64_PSCI_SMC)
    __asm__ volatile("smc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
  for (;;) __asm__ volatile("wfi");
}
