// SPDX-License-Identifier: GPL-2.0-or-later
// -S and --print-ckr-size: questions about the machine, answered without privilege.
#pragma once

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// The exit status of -S: kExitUsage (1) if a kernel is loaded in options.slot, kExitOk if not, kExitFailed if
// the kernel does not say (with a warning). With --json both slots go to session.out (docs/json.md).
int ReportStatus(const Session& session);

// Bytes of the crash region and a newline.
Result<> PrintCrashSize(const Session& session);

}  // namespace kexec
