// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine with a 64-bit RISC-V kernel.
#pragma once

#include <memory>
#include <string_view>

#include "arch/machine.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/system_root.h"

namespace kexec {

// For arch/machine.cc.
std::string_view Riscv64FileLoadDrawback(LoadKind kind);
Result<std::unique_ptr<Machine>> ReadRiscv64Machine(const SystemRoot& root, LoadKind kind,
                                                    Diagnostics& diagnostics);

}  // namespace kexec
