// SPDX-License-Identifier: LGPL-2.1-or-later
// Place: every address of a Linux boot with a device tree, from facts and inputs alone.
//
//   2 MiB boundary                                                         end of RAM (or of the window)
//  |----------------------------------------------------------------------------------|
//  | kernel (image_size) | ...                  device tree | purgatory | initrds | core headers
//
// The kernel lies as low as it can: older ones cannot use memory below themselves. Everything else goes to
// the top, where the pages that kexec_load gets are rarely destinations of others.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/machine.h"
#include "kexec/error.h"
#include "kexec/layout.h"
#include "kexec/phys.h"
#include "loaders/image/image_kernel.h"

namespace kexec {

// The largest tree a kernel takes: MAX_FDT_SIZE of arm64 (booting.rst) and of riscv.
inline constexpr uint64_t kMaxTree = uint64_t{2} << 20;

// What a kernel of this machine demands of addresses.
struct DtRules {
  // Kernel and initrd lie in one window of this size that begins at a multiple of 1 GiB; 0: no such rule.
  uint64_t initrd_reach = 0;
  // A kernel that cannot lie anywhere finds its tree only this near above its base; 0: anywhere.
  uint64_t tree_reach = 0;
};

struct DtPlacement {
  PageRange kernel;  // from its first byte
  std::vector<PageRange> initrds;
};

// Kernel and initrds, inside `window`. Fails with kDoesNotFit, with the numbers.
Result<DtPlacement> PlaceDtKernel(const ImageKernel& image, const std::vector<SharedBytes>& initrds,
                                  const DtRules& rules, const PhysRange& window, Alignment page,
                                  Layout& layout);

// The tree of `size` bytes for a kernel at that place. kDoesNotFit for one above kMaxTree.
Result<PageRange> PlaceTree(uint64_t size, const ImageKernel& image, const PageRange& kernel,
                            const DtRules& rules, const PhysRange& window, Alignment page, Layout& layout);

}  // namespace kexec
