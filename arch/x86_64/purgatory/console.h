// SPDX-License-Identifier: LGPL-2.1-or-later
// Where purgatory's messages go: any of a serial port and the VGA text screen. Never waits for ever.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/purgatory/text.h"
#include "params.h"

struct console {
  uint16_t serial_base;  // 0 = none, or it stopped answering
  uint8_t vga;           // nonzero = the VGA text screen
};

// The consoles the parameters ask for; initialises the serial port if a divisor is given.
void console_open(struct console* console, const struct kexec_purgatory_params* params);

// A last resort when no console was asked for: COM1 as it is, if a UART is there. Nothing to call it with if
// not.
void console_open_fallback(struct console* console);
