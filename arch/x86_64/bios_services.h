// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the machine has a BIOS that real-mode code can call.
#pragma once

#include <string_view>

#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

// kUnsupported, in words that begin with `reason`, after UEFI and where the interrupt vectors of page 0 are
// not a BIOS's. Where that page cannot be read (no root, lockdown) purgatory alone decides, which is noted.
Result<> CheckBios(const X86Facts& facts, std::string_view reason, Diagnostics& diagnostics);

}  // namespace kexec
