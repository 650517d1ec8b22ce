// SPDX-License-Identifier: GPL-2.0-or-later
// What the C files behind machine.h share; the rest of their state is their own.
#pragma once

#include "tests/kernel/machine.h"

struct Machine {
  struct MachineConfig config;
  struct MachineFaults faults;
  struct MachineCounters counters;
  uint64_t copies;        // calls of copy_from_user since the counters were reset
  uint64_t signal_bytes;  // copied_bytes when the signal arrived
  bool on;
};
extern struct Machine machine;

// The clock of faults and signals moves on; true: a signal is pending.
bool MachineTick(void);
// An allocation is asked for: counts it; true: it must fail.
bool MachineRefuses(void);
// The kernel did what no kernel may do (or the shim cannot do what it asked): says so and ends the program.
_Noreturn void MachineBug(const char* format, ...) __attribute__((format(printf, 1, 2)));

// page_allocator.c
void PageAllocatorStart(const struct MachinePart* wanted, size_t wanted_count);
void PageAllocatorStop(void);
