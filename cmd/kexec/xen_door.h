// SPDX-License-Identifier: GPL-2.0-or-later
// Which door loads and executes here: the kernel's system calls, Xen's hypercalls, or none.
#pragma once

#include <memory>

#include "cmd/kexec/choose_call.h"
#include "cmd/kexec/options.h"
#include "kexec/error.h"
#include "kexec/syscalls.h"
#include "kexec/system_root.h"

namespace kexec {

// kUnsupported in a paravirtual guest of Xen, where nothing can be loaded or executed, and for a live update
// anywhere but in Xen's first domain.
Result<> CheckDomain(const Options& options, const SystemRoot& root);

// The door this run needs; a dry run, and what neither loads nor executes, gets one that is walled up.
Result<std::unique_ptr<Syscalls>> OpenDoor(const Options& options, const SystemRoot& root);

// Where Xen loads (XenLoads) there is one call, whichever was asked for.
CallChoice XenCall();

}  // namespace kexec
