// SPDX-License-Identifier: GPL-2.0-or-later
// --estimate-crashkernel: how much memory to reserve for a crash kernel.
#pragma once

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Prints the estimate to session.out, as text or as JSON (docs/json.md). Of options.kernel and
// options.initrds, or where no kernel is named, of the running kernel's files below the session's root.
// Errors: a file that is missing, unreadable or damaged.
Result<> EstimateCrashkernel(const Session& session);

}  // namespace kexec
