// SPDX-License-Identifier: LGPL-2.1-or-later
// openat2(2), for which the C libraries of today's distributions have no function.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace kexec {

// `resolve` are the RESOLVE_ bits of linux/openat2.h. A descriptor, or -errno: -ENOSYS where the kernel or
// this machine's headers know no such call.
int CallOpenat2(int folder, const char* path, int flags, mode_t mode, uint64_t resolve);

}  // namespace kexec
