// SPDX-License-Identifier: LGPL-2.1-or-later
// A build carries the purgatories it had compilers for.
#pragma once

#include <string_view>

#include "kexec/bytes.h"
#include "kexec/error.h"

namespace kexec {

// kUnsupported, with what to do, if `blob` is empty. `machine` as uname -m names it. Every machine asks
// before it places anything.
Result<> RequirePurgatory(Bytes blob, std::string_view machine);

}  // namespace kexec
