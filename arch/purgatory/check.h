// SPDX-License-Identifier: LGPL-2.1-or-later
// The check every purgatory makes, and what it says about it.
#pragma once

#include <stdint.h>

#include "arch/purgatory/range.h"
#include "arch/purgatory/text.h"

struct check {
  uint32_t kind;   // enum kexec_digest_kind
  uint32_t flags;  // KEXEC_DIGEST_PORTABLE and the like
  const uint8_t* expected;
  uint32_t count;
  const struct kexec_purgatory_range* ranges;  // one digest over all, in this order
};

// The check that a machine's parameters ask for. A macro: each machine has a type of its own.
#define CHECK_OF(params) \
  {(params)->digest_kind, (params)->digest_flags, (params)->digest, (params)->hashed_count, (params)->hashed}

// Whether it can be made at all.
int check_is_sane(const struct check* check);

// Whether the digest of the ranges is the expected one; `found` (KEXEC_DIGEST_SIZE bytes) gets it.
int check_ranges(const struct check* check, uint8_t* found);

void tell_damaged_parameters(struct console* console);
void tell_mismatch(struct console* console, const struct check* check, const uint8_t* found);
void tell_success(struct console* console, const struct check* check, uint64_t kernel_entry);

// Says that the machine will be reset, waits, resets it.
_Noreturn void give_up(struct console* console, uint32_t seconds);

enum { RESET_SECONDS_WITHOUT_PARAMETERS = 10 };
