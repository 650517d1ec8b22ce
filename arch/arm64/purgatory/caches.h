// SPDX-License-Identifier: LGPL-2.1-or-later
// The data cache for the time of the check. It needs the MMU, the MMU needs page tables: they map purgatory
// and the hashed ranges one to one, and nothing else, because the CPU may fetch in advance whatever is
// mapped.
#pragma once

#include "arch/purgatory/check.h"

// Turns MMU and caches on. 0 if that cannot be (no 4 KiB pages, an address above 48 bits, ranges that overlap
// or are too many for the tables here): they are then off, and the check is as right, but slow.
int caches_on(const struct check* check);

// Turns them off, everything purgatory wrote being in memory.
void caches_off(void);
