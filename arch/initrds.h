// SPDX-License-Identifier: LGPL-2.1-or-later
// Initrds are one archive to the kernel, in several pieces to kexec_load: each begins on a page, and the
// kernel's unpacker skips the zeros between (init/initramfs.c). One reservation keeps them together.
#pragma once

#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/layout.h"
#include "kexec/phys.h"
#include "kexec/plan.h"

namespace kexec {

// One range for each of `initrds`, without gaps between them, in one piece of `window`; none for none.
Result<std::vector<PageRange>> PlaceInitrds(const std::vector<SharedBytes>& initrds, const PhysRange& window,
                                            Search search, Alignment page, Layout& layout);

// 'initrd', 'initrd 2' … at those places.
std::vector<Segment> InitrdSegments(const std::vector<SharedBytes>& initrds,
                                    const std::vector<PageRange>& placed);

// From the first byte of the first to the last byte of the last, which is what a kernel is told; there is at
// least one.
PhysRange InitrdExtent(const std::vector<SharedBytes>& initrds, const std::vector<PageRange>& placed);

}  // namespace kexec
