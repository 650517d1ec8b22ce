// SPDX-License-Identifier: LGPL-2.1-or-later
// Place for kernels entered in real mode: what boot.rst says of low memory ("Memory Layout"), the rest as for
// a kernel entered in 32-bit mode.
//
//   4 KiB       64 KiB              128 KiB   0x90000 0x9a000   1 MiB          4 GiB
//  |-----------|-------------------|---------|-------|         |--------------|
//  | purgatory | setup, heap, line |                           | kernel … initrds   high, since 2.02
//  | purgatory |                             | setup…|         | kernel … initrds   before 2.02
//  | purgatory | kernel                      | setup…|         |          initrds   zImage
//   never used: page 0, where the BIOS keeps its vectors and data
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/error.h"
#include "kexec/phys.h"

namespace kexec {

struct RealModePlacement {
  PageRange setup;        // one real-mode segment: setup code, stack and heap, command line
  uint16_t heap_end = 0;  // offset in it: where the stack begins, and the command line
  PageRange kernel;
  std::vector<PageRange> initrds;  // one each, without gaps between them
  PageRange purgatory;
};

// Low memory is not what --mem-min and --mem-max are about: they hold for kernel and initrds from 1 MiB on.
// Fails with kDoesNotFit, each with the numbers.
Result<RealModePlacement> PlaceRealModeParts(const X86Facts& facts, const BootInputs& inputs,
                                             const BzImage& image, const LinuxImage& linux,
                                             size_t purgatory_size);

}  // namespace kexec
