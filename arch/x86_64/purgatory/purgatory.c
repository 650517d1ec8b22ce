// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens between two kernels: check that the image arrived as it left, clear what has to be zero, make
// the backup, and return to entry.S, which starts the kernel. If anything is wrong: say so, wait, reset.
#include <stddef.h>
#include <stdint.h>

#include "arch/purgatory/check.h"
#include "bios.h"
#include "console.h"
#include "lib/freestanding/digest.h"
#include "params.h"
#include "vga.h"

extern struct kexec_purgatory_params purgatory_params;  // at the start of the blob (entry.S)

// Both are called from outside C.
int purgatory_verify(uint8_t found[KEXEC_DIGEST_SIZE]);
void purgatory_main(uint64_t jump_back_entry, uint64_t cr3);

// An address from the parameters. Physical memory is mapped one to one.
static void* at(uint64_t address) { return (void*)(uintptr_t)address; }

// For real mode: all of purgatory and the kernel's entry below the video memory, in reach of 16-bit segments.
static int entry_is_in_reach(const struct kexec_purgatory_params* params) {
  const uint64_t end = 0xa0000;
  const uint32_t paragraph = 16;
  return params->kernel_entry < end && params->kernel_entry % paragraph == 0 &&
         (uintptr_t)params < end - params->memory_size;
}

static int parameters_are_sane(const struct kexec_purgatory_params* params) {
  const uint64_t below_4g = UINT64_C(1) << 32;
  const struct check check = CHECK_OF(params);
  if (params->magic != KEXEC_PURGATORY_MAGIC || params->version != KEXEC_PURGATORY_VERSION ||
      params->params_size != sizeof(*params))
    return 0;
  if (params->zeroed_count > KEXEC_PURGATORY_MAX_RANGES || !check_is_sane(&check)) return 0;
  if (params->entry_kind == KEXEC_PURGATORY_ENTRY_32)
    return params->kernel_entry < below_4g && (uintptr_t)params < below_4g - params->memory_size;
  if (params->entry_kind == KEXEC_PURGATORY_ENTRY_16) return entry_is_in_reach(params);
  return params->entry_kind == KEXEC_PURGATORY_ENTRY_64;
}

// Whether the digest of the hashed ranges is the expected one; `found` gets it.
int purgatory_verify(uint8_t found[KEXEC_DIGEST_SIZE]) {
  const struct check check = CHECK_OF(&purgatory_params);
  return check_ranges(&check, found);
}

static void write_digits(uint64_t address, uint64_t value) {
  char* digits = at(address);
  if (address == 0) return;
  for (unsigned shift = 64; shift != 0; shift -= 4) *digits++ = hex_digit((value >> (shift - 4)) & 15);
}

// `jump_back_entry`: the return address on the stack of the kernel that jumped here, if it is wanted.
void purgatory_main(uint64_t jump_back_entry, uint64_t cr3) {
  const struct kexec_purgatory_params* params = &purgatory_params;
  const struct check check = CHECK_OF(params);
  struct console console = {0, 0};
  if (!parameters_are_sane(params)) {
    console_open_fallback(&console);
    tell_damaged_parameters(&console);
    give_up(&console, RESET_SECONDS_WITHOUT_PARAMETERS);
  }
  if (params->reset_vga) vga_reset();
  console_open(&console, params);
  uint8_t found[KEXEC_DIGEST_SIZE];
  if (!check_ranges(&check, found)) {
    console_open_fallback(&console);
    tell_mismatch(&console, &check, found);
    give_up(&console, params->reset_seconds);
  }
  const int real_mode = params->entry_kind == KEXEC_PURGATORY_ENTRY_16;
  if (real_mode && !bios_is_there(&console)) give_up(&console, params->reset_seconds);
  for (uint32_t i = 0; i < params->zeroed_count; i++)
    __builtin_memset(at(params->zeroed[i].address), 0, params->zeroed[i].length);
  if (params->backup_size != 0)
    __builtin_memcpy(at(params->backup_destination), at(params->backup_source), params->backup_size);
  write_digits(params->jump_back_digits, jump_back_entry);
  write_digits(params->jump_back_cr3_digits, cr3);
  tell_success(&console, &check, params->kernel_entry);
  if (real_mode) bios_restore_devices();
}
