// SPDX-License-Identifier: GPL-2.0-or-later
// From the options that were given to the one thing this run does. The order they were given in plays no
// part.
#pragma once

#include <string>
#include <vector>

#include "cmd/kexec/given.h"
#include "cmd/kexec/options.h"

namespace kexec {

// The mode, never kHelp or kVersion, which the pre-pass finds. `operands` are the words that are no options.
// Options that lose against a stronger mode are named in `warnings`. Errors (kUsage): modes that contradict
// each other, no kernel where one is needed.
Result<Mode> ResolveMode(const GivenOptions& given, const std::vector<std::string>& operands,
                         std::vector<std::string>& warnings);

// The option that asks for a mode, as "--exec", for messages; "" for kLoadAndShutdown, which none does.
std::string ModeOption(Mode mode);

}  // namespace kexec
