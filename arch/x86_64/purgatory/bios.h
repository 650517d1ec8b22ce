// SPDX-License-Identifier: LGPL-2.1-or-later
// What a BIOS finds as it left it, or does not.
#pragma once

#include "console.h"

// Whether the BIOS's vectors are still there; says on `console` which is not.
int bios_is_there(struct console* console);

// Interrupt controllers, interval timer and address line 20 as after power-on, keyboard and clock with
// nothing pending. Interrupts stay disabled in the processor.
void bios_restore_devices(void);
