// SPDX-License-Identifier: GPL-2.0-or-later
// -u.
#pragma once

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Unloads options.slot through whichever call can succeed; nothing loaded is success.
Result<> UnloadKernel(const Session& session);

}  // namespace kexec
