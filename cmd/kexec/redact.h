// SPDX-License-Identifier: GPL-2.0-or-later
// --capture --redact: what a record need not tell, taken out of it so that the plan stays the same.
#pragma once

#include <string>
#include <string_view>

#include "kexec/error.h"

namespace kexec {

// What is recorded of the file `path` with these contents. Command lines lose the values of secrets
// (HideSecrets), device trees serial numbers and MAC addresses, what firmware said of the display and of
// devices all of its bytes, in as many zeros. Errors: a device tree that nothing can be taken out of.
Result<std::string> Redacted(std::string_view path, std::string contents);

}  // namespace kexec
