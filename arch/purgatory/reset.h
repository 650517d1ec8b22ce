// SPDX-License-Identifier: LGPL-2.1-or-later
// Waiting, and the end of the machine's run; each machine does it its own way.
#pragma once

#include <stdint.h>

// About `seconds` seconds by the machine's timer, or by counting what takes its time if that does not count.
void wait_seconds(uint32_t seconds);

// Resets the machine. Never returns: without a way to reset, it stops here for ever.
_Noreturn void reset_machine(void);
