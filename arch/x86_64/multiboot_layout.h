// SPDX-License-Identifier: LGPL-2.1-or-later
// Place for Multiboot kernels: every address, from facts and inputs alone.
//
//       1 MiB                                                                              4 GiB
//  |----|--------------------------------------------------------------------------------------|
//       |   kernel where it was linked | modules | information | ...  (kernel if it prefers)| purgatory
//
// Modules and information from the bottom up: a 32-bit kernel may have mapped no more than the first few MiB
// when it looks at them. Behind the kernel, where boot loaders put them; purgatory far away from what a
// kernel that takes the memory behind it writes to, because its stack and descriptor table are in use until
// the kernel has its own.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"
#include "loaders/load_piece.h"

namespace kexec {

// Modules in one segment: inputs.modules[first], and `count` - 1 behind it.
struct MultibootModuleGroup {
  size_t first = 0;
  size_t count = 0;
  PageRange pages;
};

struct MultibootPlacement {
  std::vector<LoadPiece> kernel;  // at their final addresses; no two share a page
  PhysAddr entry;
  std::optional<PhysAddr> load_base;         // of its first byte, if the kernel may be moved
  std::vector<PhysRange> modules;            // one each
  std::vector<MultibootModuleGroup> groups;  // of all of them, in order
  PageRange information;
  PageRange purgatory;
};

// kDoesNotFit where the kernel's place is not free RAM and it may not be moved, or there is no room, or it
// has more pieces than kexec_load takes.
Result<MultibootPlacement> PlaceMultibootParts(const X86Facts& facts, const BootInputs& inputs,
                                               size_t information_size, size_t purgatory_size,
                                               Diagnostics& diagnostics);

}  // namespace kexec
