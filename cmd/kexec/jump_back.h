// SPDX-License-Identifier: GPL-2.0-or-later
// --load-jump-back-helper: the way back from a kernel that was loaded with --load-preserve-context.
#pragma once

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Loads an image that kexec -e leaves for the kernel that waits at --entry, or at the address that
// kexec_jump_back_entry= names in /proc/cmdline. kUsage where neither tells one, or a kernel is loaded.
Result<> LoadJumpBack(const Session& session);

}  // namespace kexec
