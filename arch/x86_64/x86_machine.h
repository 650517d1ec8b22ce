// SPDX-License-Identifier: LGPL-2.1-or-later
// A PC with a 64-bit kernel.
#pragma once

#include <memory>

#include "arch/machine.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/system_root.h"

namespace kexec {

// For arch/machine.cc.
Result<std::unique_ptr<Machine>> ReadX86Machine(const SystemRoot& root, LoadKind kind,
                                                Diagnostics& diagnostics);

}  // namespace kexec
