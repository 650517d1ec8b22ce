// SPDX-License-Identifier: GPL-2.0-or-later
// What the program's exit status means, in one table.
#pragma once

#include "kexec/error.h"

namespace kexec {

// The statuses scripts know from kexec-tools. 6 is never used: kdump-early.service of SUSE takes it for
// success.
inline constexpr int kExitOk = 0;  // done; for -S: nothing is loaded
inline constexpr int kExitUsage =
    1;  // the request or the machine makes it impossible; for -S: a kernel is loaded
inline constexpr int kExitFailed = 255;  // load, unload or execute failed; for -S: the kernel does not say

// The status for a failed run:
//
//   kUsage, kUnsupported       1    the options, or a feature that is not there
//   kIo                        1    a file is missing or unreadable, the memory map included
//   kNoCrashRegion             1    a crash load on a machine without reserved memory
//   kNotRecognised           255    no loader knows the kernel file
//   kMalformed, kDoesNotFit  255    the kernel or initrd is damaged or too big
//   kInvalidImage            255    the plan breaks a rule
//   kSyscall                 255    the running kernel refused
int ExitStatus(Errc code);

}  // namespace kexec
