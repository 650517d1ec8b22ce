// SPDX-License-Identifier: LGPL-2.1-or-later
// What every kind of kernel's Emit ends with: purgatory, told where to jump and what to check.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/crash_layout.h"
#include "arch/x86_64/preserved_layout.h"
#include "arch/x86_64/purgatory/params.h"
#include "kexec/phys.h"
#include "kexec/plan.h"

namespace kexec {

struct RealModeRegisters {
  uint16_t data_segment = 0;  // of all segment registers but cs
  uint16_t stack_pointer = 0;
};

// Where purgatory goes, in which mode, and with which registers.
struct X86Jump {
  bool in_64bit_mode = false;  // false: 32-bit protected mode without paging, everything below 4 GiB
  PhysAddr entry;
  kexec_purgatory_registers registers = {};
  std::optional<RealModeRegisters> real_mode;  // instead of both modes and of `registers`
  // Where purgatory writes, as digits of the command line, what a jump back needs to know; zeros: nowhere.
  JumpBackDigits jump_back_digits;
};

// A plan of `segments`, all covered by the digest, and of purgatory at `purgatory`. `extras`: null for a
// normal boot. The answer is sorted by address.
LoadPlan FinishPlan(const BootInputs& inputs, std::vector<Segment> segments, const PageRange& purgatory,
                    const X86Jump& jump, const X86CrashExtras* extras = nullptr);

}  // namespace kexec
