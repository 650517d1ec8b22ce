// SPDX-License-Identifier: LGPL-2.1-or-later
// KEY=value lines as in os-release(5): '#' begins a comment line, a value may stand in single or double
// quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// The value of `key` in `text`, without its quotes; of several the last, as a shell that reads it would.
// nullopt: it is not there.
std::optional<std::string> EnvironmentValue(std::string_view text, std::string_view key);

}  // namespace kexec
KEXEC_PUBLIC_END
