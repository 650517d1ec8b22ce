// SPDX-License-Identifier: LGPL-2.1-or-later
// Where purgatory's messages go: a serial port that the old kernel or the firmware has set up. Used only with
// the MMU off, when every address is the device's own.
#pragma once

#include "arch/purgatory/text.h"
#include "params.h"

struct console {
  uint32_t kind;  // KEXEC_ARM64_CONSOLE_*; none also if it stopped answering
  uint64_t base;
};

void console_open(struct console* console, const struct kexec_arm64_purgatory_params* params);
