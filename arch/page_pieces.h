// SPDX-License-Identifier: LGPL-2.1-or-later
// A kernel's pieces as kexec_load wants them: none shares a page with another, and there are few.
#pragma once

#include <cstddef>
#include <vector>

#include "kexec/error.h"
#include "kexec/phys.h"
#include "kexec/plan.h"
#include "loaders/load_piece.h"

namespace kexec {

// `pieces` by ascending address and without overlap, at least one; the answer, too, and each of its pieces
// begins on a page. Where two share a page they become one, with zeros between them; where there are more
// than `most`, those with the least room between them do. Only what is joined, or begins inside a page, is
// copied. kUnsupported if that takes more than 128 MiB of zeros in all.
Result<std::vector<LoadPiece>> PagePieces(const std::vector<LoadPiece>& pieces, Alignment page, size_t most);

// What PagePieces answered as segments 'kernel', 'kernel 2' …, each piece `base` above its address.
std::vector<Segment> KernelSegments(const std::vector<LoadPiece>& pieces, PhysAddr base, Alignment page);

// From the first byte of the first to the last of the last; `pieces` is not empty.
PhysRange ExtentOf(const std::vector<LoadPiece>& pieces);

}  // namespace kexec
