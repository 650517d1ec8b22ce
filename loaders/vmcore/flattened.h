// SPDX-License-Identifier: LGPL-2.1-or-later
// makedumpfile's flattened format (makedumpfile -F, QEMU's dump-guest-memory): what a program that cannot
// seek wrote instead of a dump. A 4096-byte header, then pieces of the dump in the order they were made, each
// behind its offset and size, big-endian; later pieces win (makedumpfile(8), IMPLEMENTATION, "-F").
#pragma once

#include <memory>

#include "loaders/vmcore/dump_source.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

bool IsFlattened(const DumpSource& source);
// The dump as `makedumpfile -R` would write it, read through an index; nothing is copied. Holes are zero.
// kMalformed: a piece that cannot be; one that the file's end cuts is there as far as it goes.
Result<std::shared_ptr<const DumpSource>> Unflatten(std::shared_ptr<const DumpSource> source);

}  // namespace kexec
KEXEC_PUBLIC_END
