// SPDX-License-Identifier: LGPL-2.1-or-later
// What is worse about a load when kexec_file_load of a machine does it than when kexec_load does.
#pragma once

#include <string>
#include <string_view>

#include "kexec/export.h"
#include "kexec/plan.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// For a load of that kind on `machine`, as uname -m names it; empty: nothing. Each machine's folder knows its
// own; arch/machine.cc has the table.
std::string FileLoadDrawback(std::string_view machine, LoadKind kind);

}  // namespace kexec
KEXEC_PUBLIC_END
