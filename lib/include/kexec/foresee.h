// SPDX-License-Identifier: LGPL-2.1-or-later
// What a load would be refused with, told without the call.
#pragma once

#include "kexec/error.h"
#include "kexec/explain.h"
#include "kexec/export.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// The refusal that Submit or SubmitFile would end with for certain, in its words: sysctls, lockdown for
// kexec_load, half of RAM for kexec_file_load (Validate has looked for the other). Success where `root` tells
// of none, which is no promise: a fact that cannot be read counts for nothing, and this process's own
// capabilities are not looked at.
Result<> Foresee(const CallFacts& facts, const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
