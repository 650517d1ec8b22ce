// SPDX-License-Identifier: GPL-2.0-or-later
// -e, the executing half of -f, and what `kexec KERNEL` does after loading.
#pragma once

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// -e: runs the loaded kernel. Returns only on failure, or in a dry run. "Nothing has been loaded!" is kUsage,
// as scripts know it with status 1.
Result<> ExecuteLoaded(const Session& session);

// -f, after the load: writes back file systems, takes interfaces down, jumps. The same, without asking what
// is loaded.
Result<> ExecuteNow(const Session& session);

// `kexec KERNEL`, after the load: becomes shutdown -r now.
Result<> ShutDownIntoLoaded(const Session& session);

}  // namespace kexec
