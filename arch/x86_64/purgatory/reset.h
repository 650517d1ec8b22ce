// SPDX-License-Identifier: LGPL-2.1-or-later
// Waiting, and the end of the machine's run.
#pragma once

#include <stdint.h>

// About `seconds` seconds by the interval timer, or by counting port accesses if that does not count.
void wait_seconds(uint32_t seconds);

// Resets the machine: reset control register, keyboard controller, triple fault. Never returns.
_Noreturn void reset_machine(void);
