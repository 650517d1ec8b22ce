// SPDX-License-Identifier: LGPL-2.1-or-later
// A kernel that can jump back to the running one (KEXEC_PRESERVE_CONTEXT) is booted like any other, on a
// smaller machine. On the way there the running kernel exchanges each page of each segment with the page
// that holds its new contents, and on the way back again (swap_pages in
// arch/x86/kernel/relocate_kernel_64.S). So all RAM of the new kernel must be segments, and what is no
// segment must be no RAM to it: there the running kernel lies, and keeps what it has.
//
//       640 KiB     1 MiB                                                    --mem-max
//  |---------|         |----------------------------------------------------------|
//  | preserved |       | preserved | initrds | kernel | boot_params | purgatory    |
//
// Low memory is among it, whatever --mem-min says: the new kernel needs it for its trampolines.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/error.h"
#include "kexec/phys.h"
#include "kexec/plan.h"

namespace kexec {

struct X86PreservedBoot {
  X86Facts facts;
  BootInputs inputs;              // the command line has two words more, with digits that purgatory writes
  std::vector<PhysRange> memory;  // the new kernel's RAM, in whole pages
};

// Fails with kDoesNotFit where the window leaves no RAM, or more than the kernel takes for an image.
Result<X86PreservedBoot> NarrowToPreserved(const X86Facts& facts, const BootInputs& inputs);

// Addresses of those digits, 16 each: where the first kernel waits, and its page tables.
struct JumpBackDigits {
  uint64_t entry = 0;
  uint64_t cr3 = 0;
};
// In an X86PreservedBoot's command line that lies at `address`.
JumpBackDigits DigitsOf(std::string_view command_line, PhysAddr address);

// Adds segments without contents, 'preserved', for the `memory` that no segment of `plan` covers.
void PreserveTheRest(const std::vector<PhysRange>& memory, LoadPlan& plan);

}  // namespace kexec
