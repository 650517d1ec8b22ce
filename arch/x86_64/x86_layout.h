// SPDX-License-Identifier: LGPL-2.1-or-later
// Place, first half: every address of a bzImage's boot, from facts and inputs alone.
//
//       1 MiB   16 MiB                                         end of RAM (or of the window)
//  |----|-------|------------------------------------------------|
//       |       |   ... initrds | kernel (init_size) | boot_params | purgatory
//   never used: real-mode vectors, EBDA, the kernel's own low trampoline
//
// From the top down, because a freshly booted kernel hands out its lowest free pages first: the higher the
// destinations, the fewer of the pages kexec_load gets are destinations of others (which it must then
// search). The large pieces go first, so that the small ones fill what alignment leaves.
#pragma once

#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/handover.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"

namespace kexec {

enum class EntryMode {
  k64,  // base + 0x200, in 64-bit mode (boot.rst, "64-bit Boot Protocol")
  k32,  // base, in 32-bit protected mode without paging; everything below 4 GiB
};

struct X86Placement {
  EntryMode mode;
  PageRange kernel;
  std::vector<PageRange> initrds;  // one each, without gaps between them
  PageRange handover;
  PageRange purgatory;
};

// Which entry this kernel can be given from this machine. kUnsupported for zImages and for what predates the
// protocol.
Result<EntryMode> ChooseEntry(const BzImage& image, const X86Facts& facts, Diagnostics& diagnostics);

// Fails with kDoesNotFit (no room, too long, too many initrds), each with the numbers.
Result<X86Placement> PlaceBzImage(const X86Facts& facts, const BootInputs& inputs, EntryMode mode,
                                  size_t handover_size, size_t purgatory_size);

}  // namespace kexec
