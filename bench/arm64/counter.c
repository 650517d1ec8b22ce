// SPDX-License-Identifier: GPL-2.0-or-later
// Prints the count of the generic timer and its frequency. No kernel stops or resets it, so it goes on across a kexec
// (Arm ARM, D11.2 "The AArch64 view of the Generic Timer"; Linux lets programs read it).
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

int main(void) {
  uint64_t count, hertz;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count) : : "memory");
  __asm__("mrs %0, cntfrq_el0" : "=r"(hertz));
  printf("%" PRIu64 " %" PRIu64 "\n", count, hertz);
  return 0;
}
