// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens between two kernels: check that the image arrived as it left, and return to entry.S, which
// starts the kernel. If anything is wrong: say so, wait, reset.
#include <stddef.h>
#include <stdint.h>

#include "arch/purgatory/check.h"
#include "arch/purgatory/reset.h"
#include "lib/freestanding/digest.h"
#include "params.h"
#include "sbi.h"

extern struct kexec_riscv64_purgatory_params purgatory_params;  // at the start of the blob (entry.S)

static uint32_t faults __attribute__((section(".data"))) = 0;  // not .bss, which nobody clears

// Both are called from entry.S.
void purgatory_main(void);
_Noreturn void purgatory_fault(uint64_t scause, uint64_t sepc, uint64_t stval);

static int parameters_are_sane(const struct kexec_riscv64_purgatory_params* params) {
  const struct check check = CHECK_OF(params);
  return params->magic == KEXEC_PURGATORY_MAGIC && params->version == KEXEC_RISCV64_PURGATORY_VERSION &&
         params->params_size == sizeof(*params) && params->kernel_entry != 0 && check_is_sane(&check);
}

void purgatory_main(void) {
  const struct kexec_riscv64_purgatory_params* params = &purgatory_params;
  const struct check check = CHECK_OF(params);
  struct console console;
  console_open(&console);
  if (!parameters_are_sane(params)) {
    tell_damaged_parameters(&console);
    give_up(&console, RESET_SECONDS_WITHOUT_PARAMETERS);
  }
  uint8_t found[KEXEC_DIGEST_SIZE];
  if (!check_ranges(&check, found)) {
    tell_mismatch(&console, &check, found);
    give_up(&console, params->reset_seconds);
  }
  if (params->console_verbose) tell_success(&console, &check, params->kernel_entry);
}

// An exception while purgatory ran: memory that cannot be read, or is not there. Another one while it is
// told: no use in trying again.
_Noreturn void purgatory_fault(uint64_t scause, uint64_t sepc, uint64_t stval) {
  struct console console;
  if (faults++ != 0) reset_machine();
  console_open(&console);
  console_text(&console, "\nkexec: exception during the check: scause ");
  console_hex64(&console, scause);
  console_text(&console, " sepc ");
  console_hex64(&console, sepc);
  console_text(&console, " stval ");
  console_hex64(&console, stval);
  console_text(&console, "\n");
  give_up(&console, purgatory_params.reset_seconds);
}
