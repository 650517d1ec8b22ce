// SPDX-License-Identifier: LGPL-2.1-or-later
// --hotplug: the running kernel keeps the core headers of a loaded crash kernel up to date when CPUs or
// memory come and go. Then they get the room it asks for, and no digest may cover them.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/crash_facts.h"
#include "arch/machine.h"
#include "kexec/diagnostics.h"

namespace kexec {

// Bytes the running kernel may need for the headers later, whatever machine it is on: where it tells a number
// it can update them. nullopt: they stay as they are built, with a warning if that was not wished.
std::optional<uint64_t> UpdatedHeadersSize(const CrashFacts& crash, const BootInputs& inputs,
                                           Diagnostics& diagnostics);

}  // namespace kexec
