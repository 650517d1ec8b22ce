// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/purgatory/check.h"

#include "arch/purgatory/reset.h"
#include "lib/freestanding/digest.h"

// An address from the parameters. Physical memory is mapped one to one.
static const void* at(uint64_t address) { return (const void*)(uintptr_t)address; }

static int equal(const uint8_t* a, const uint8_t* b) {
  unsigned difference = 0;
  for (size_t i = 0; i < KEXEC_DIGEST_SIZE; i++) difference |= a[i] ^ b[i];
  return difference == 0;
}

int check_is_sane(const struct check* check) {
  return check->count <= KEXEC_PURGATORY_MAX_RANGES && kexec_digest_known(check->kind);
}

int check_ranges(const struct check* check, uint8_t* found) {
  struct kexec_digest_state state;
  kexec_digest_init(&state, check->kind, check->flags);
  for (uint32_t i = 0; i < check->count; i++)
    kexec_digest_update(&state, at(check->ranges[i].address), check->ranges[i].length);
  kexec_digest_final(&state, found);
  return check->kind == KEXEC_DIGEST_NONE || equal(found, check->expected);
}

void tell_damaged_parameters(struct console* console) {
  console_text(console, "\nkexec: purgatory's parameters are damaged\n");
}

void tell_mismatch(struct console* console, const struct check* check, const uint8_t* found) {
  const size_t length = kexec_digest_length(check->kind);
  console_text(console, "\nkexec: digest mismatch (");
  console_text(console, kexec_digest_name(check->kind));
  console_text(console, "): what was loaded has been changed since\nkexec: expected ");
  console_bytes(console, check->expected, length);
  console_text(console, "\nkexec: found    ");
  console_bytes(console, found, length);
  console_text(console, "\n");
}

void tell_success(struct console* console, const struct check* check, uint64_t kernel_entry) {
  console_text(console, "kexec: digest ");
  console_text(console, kexec_digest_name(check->kind));
  console_text(console, check->kind == KEXEC_DIGEST_NONE ? ", not checked" : " matches");
  console_text(console, "; starting the new kernel at ");
  console_hex64(console, kernel_entry);
  console_text(console, "\n");
}

_Noreturn void give_up(struct console* console, uint32_t seconds) {
  console_text(console, "kexec: the new kernel was not started; rebooting in ");
  console_decimal(console, seconds);
  console_text(console, " s\n");
  wait_seconds(seconds);
  reset_machine();
}
