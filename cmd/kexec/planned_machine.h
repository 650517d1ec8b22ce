// SPDX-License-Identifier: GPL-2.0-or-later
// Whose options the command line has: with --root those of the recorded machine.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "cmd/kexec/option_table.h"

namespace kexec {

// By its name as uname -m tells it; nullopt: no plan can be made for it.
std::optional<Architecture> ArchitectureNamed(std::string_view machine);

// That of the machine recorded in the last --root among `words`; without one, or where it cannot be told (the
// load will say why), the one this program is built for.
Architecture PlannedArchitecture(std::span<const std::string_view> words);

}  // namespace kexec
