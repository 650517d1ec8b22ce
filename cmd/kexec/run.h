// SPDX-License-Identifier: GPL-2.0-or-later
// From options to exit status.
#pragma once

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Does what session.options.mode says. The value is the exit status of a run that was no failure (0, or -S's
// answer).
Result<int> RunMode(const Session& session);

}  // namespace kexec
