// SPDX-License-Identifier: GPL-2.0-or-later
// The rules kexec_load has for a segment list, written down a second time: what the kernel must answer.
#pragma once

#include "image.h"

// What the rules need to know of the machine.
struct Machine {
  uint64_t ram_pages;    // all of them
  uint64_t limit;        // the first address no segment may reach
  uint64_t crash_begin;  // the reserved region [begin, end); both 0: there is none
  uint64_t crash_end;
};

// What the running kernel uses, without a crash region.
struct Machine ThisMachine(void);

// 0 or the error number for loading `image` with `flags`. The order of the rules is part of the system call's
// behaviour: it decides which error a list with two mistakes gets.
int ExpectedError(const struct Machine* machine, const struct Image* image, unsigned long flags);
