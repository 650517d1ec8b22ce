// SPDX-License-Identifier: LGPL-2.1-or-later
// Place, first half: every address of a Linux kernel's boot, from facts and inputs alone.
//
//       1 MiB   16 MiB                                         end of RAM (or of the window)
//  |----|-------|------------------------------------------------|
//       |       |   ... initrds | kernel (init_size) | boot_params | purgatory
//   never used: real-mode vectors, EBDA, the kernel's own low trampoline
//
// From the top down, because a freshly booted kernel hands out its lowest free pages first: the higher the
// destinations, the fewer of the pages kexec_load gets are destinations of others (which it must then
// search). The large pieces go first, so that the small ones fill what alignment leaves. A kernel whose place
// is drawn at random comes last: it must not take the only place an initrd has.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/error.h"
#include "kexec/layout.h"
#include "kexec/phys.h"

namespace kexec {

struct X86Placement {
  PageRange kernel;                // all its pieces
  std::vector<PageRange> initrds;  // one each, without gaps between them
  PageRange handover;
  PageRange purgatory;
};

// Where any kernel's segments may lie: RAM without what EFI still uses.
Layout FreeMemory(const X86Facts& facts);

// Pure. One of the places in `free` that lie in `window`, hold `size` bytes and begin at a multiple of
// `alignment`, every one as likely as any other for a random number; nullopt if there is none.
std::optional<PhysAddr> DrawSlot(std::span<const PhysRange> free, const PhysRange& window, uint64_t size,
                                 Alignment alignment, uint64_t random);

// Where `image` may lie inside `anywhere`, taken from `layout`.
Result<PageRange> PlaceKernel(const LinuxImage& image, const PhysRange& anywhere, Layout& layout);

// The part of `window` in which `image` finds initrds.
Result<PhysRange> InitrdWindow(const LinuxImage& image, const PhysRange& window);

// Whether `image` takes a command line so long, and the machine so many initrds.
Result<> CheckInputs(const X86Facts& facts, const LinuxImage& image, const BootInputs& inputs);

// Fails with kDoesNotFit (no room, too long, too many initrds), each with the numbers.
Result<X86Placement> PlaceLinux(const X86Facts& facts, const BootInputs& inputs, const LinuxImage& image,
                                size_t handover_size, size_t purgatory_size);

}  // namespace kexec
