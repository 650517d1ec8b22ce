// SPDX-License-Identifier: GPL-2.0-or-later
// Options of kexec-tools that are understood but cannot be done yet: each refused with one sentence.
#pragma once

#include "cmd/kexec/options.h"
#include "kexec/error.h"

namespace kexec {

// kUnsupported for the first option that would change what is loaded and that nothing here can do; options
// whose effect is nothing on this machine pass.
Result<> CheckSupported(const Options& options);

}  // namespace kexec
