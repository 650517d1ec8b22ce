// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens between two kernels: check that the image arrived as it left, clear what has to be zero, make
// the backup, and return to entry.S, which starts the kernel. If anything is wrong: say so, wait, reset.
#include <stddef.h>
#include <stdint.h>

#include "console.h"
#include "lib/freestanding/digest.h"
#include "params.h"
#include "reset.h"
#include "vga.h"

enum { RESET_SECONDS_WITHOUT_PARAMETERS = 10 };

extern struct kexec_purgatory_params purgatory_params;  // at the start of the blob (entry.S)

// Both are called from outside C.
int purgatory_verify(uint8_t found[KEXEC_DIGEST_SIZE]);
void purgatory_main(void);

// An address from the parameters. Physical memory is mapped one to one.
static void* at(uint64_t address) { return (void*)(uintptr_t)address; }

static int parameters_are_sane(const struct kexec_purgatory_params* params) {
  const uint64_t below_4g = UINT64_C(1) << 32;
  if (params->magic != KEXEC_PURGATORY_MAGIC || params->version != KEXEC_PURGATORY_VERSION ||
      params->params_size != sizeof(*params))
    return 0;
  if (params->hashed_count > KEXEC_PURGATORY_MAX_RANGES ||
      params->zeroed_count > KEXEC_PURGATORY_MAX_RANGES || !kexec_digest_known(params->digest_kind))
    return 0;
  if (params->entry_kind == KEXEC_PURGATORY_ENTRY_32)
    return params->kernel_entry < below_4g && (uintptr_t)params < below_4g - params->memory_size;
  return params->entry_kind == KEXEC_PURGATORY_ENTRY_64;
}

static int equal(const uint8_t* a, const uint8_t* b) {
  unsigned difference = 0;
  for (size_t i = 0; i < KEXEC_DIGEST_SIZE; i++) difference |= a[i] ^ b[i];
  return difference == 0;
}

// Whether the digest of the hashed ranges is the expected one; `found` gets it.
int purgatory_verify(uint8_t found[KEXEC_DIGEST_SIZE]) {
  const struct kexec_purgatory_params* params = &purgatory_params;
  struct kexec_digest_state state;
  kexec_digest_init(&state, params->digest_kind, params->digest_flags);
  for (uint32_t i = 0; i < params->hashed_count; i++)
    kexec_digest_update(&state, at(params->hashed[i].address), params->hashed[i].length);
  kexec_digest_final(&state, found);
  return params->digest_kind == KEXEC_DIGEST_NONE || equal(found, params->digest);
}

static _Noreturn void give_up(struct console* console, uint32_t seconds) {
  console_text(console, "kexec: the new kernel was not started; rebooting in ");
  console_decimal(console, seconds);
  console_text(console, " s\n");
  wait_seconds(seconds);
  reset_machine();
}

static void check_digest(const struct kexec_purgatory_params* params, struct console* console) {
  uint8_t found[KEXEC_DIGEST_SIZE];
  if (purgatory_verify(found)) return;
  const size_t length = kexec_digest_length(params->digest_kind);
  console_open_fallback(console);
  console_text(console, "\nkexec: digest mismatch (");
  console_text(console, kexec_digest_name(params->digest_kind));
  console_text(console, "): what was loaded has been changed since\nkexec: expected ");
  console_bytes(console, params->digest, length);
  console_text(console, "\nkexec: found    ");
  console_bytes(console, found, length);
  console_text(console, "\n");
  give_up(console, params->reset_seconds);
}

void purgatory_main(void) {
  const struct kexec_purgatory_params* params = &purgatory_params;
  struct console console = {0, 0};
  if (!parameters_are_sane(params)) {
    console_open_fallback(&console);
    console_text(&console, "\nkexec: purgatory's parameters are damaged\n");
    give_up(&console, RESET_SECONDS_WITHOUT_PARAMETERS);
  }
  if (params->reset_vga) vga_reset();
  console_open(&console, params);
  check_digest(params, &console);
  for (uint32_t i = 0; i < params->zeroed_count; i++)
    __builtin_memset(at(params->zeroed[i].address), 0, params->zeroed[i].length);
  if (params->backup_size != 0)
    __builtin_memcpy(at(params->backup_destination), at(params->backup_source), params->backup_size);
  console_text(&console, "kexec: digest ");
  console_text(&console, kexec_digest_name(params->digest_kind));
  console_text(&console, params->digest_kind == KEXEC_DIGEST_NONE ? ", not checked" : " matches");
  console_text(&console, "; starting the new kernel at ");
  console_hex64(&console, params->kernel_entry);
  console_text(&console, "\n");
}
