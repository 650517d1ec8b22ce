// SPDX-License-Identifier: LGPL-2.1-or-later
// What the firmware does for purgatory: the console, and (arch/purgatory/reset.h) the reset.
#pragma once

#include "arch/purgatory/text.h"

struct console {
  uint32_t debug_console;  // whether the firmware has the Debug Console extension, else the legacy call
};

void console_open(struct console* console);
