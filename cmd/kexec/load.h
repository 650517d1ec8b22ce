// SPDX-License-Identifier: GPL-2.0-or-later
// -l, -p and the loading half of -f and of `kexec KERNEL`.
#pragma once

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Loads what the options ask for, or with --dry-run writes the plan to session.out. An error also says what
// is loaded now, where the kernel tells.
Result<> LoadKernel(const Session& session);

}  // namespace kexec
