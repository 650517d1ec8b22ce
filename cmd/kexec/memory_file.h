// SPDX-License-Identifier: GPL-2.0-or-later
// Files that exist in memory only: kexec_file_load wants descriptors, and some input comes without one.
#pragma once

#include <span>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/file.h"

namespace kexec {

// A file of `parts` one after another, each begun at a multiple of 4 with zeros in between: the kernel
// unpacks several archives from one initrd only where they begin so (buffer-format.rst). `name` shows in
// /proc/self/fd. The file cannot be executed where the kernel knows MFD_NOEXEC_SEAL.
Result<UniqueFd> MakeMemoryFile(const char* name, std::span<const Bytes> parts);

}  // namespace kexec
