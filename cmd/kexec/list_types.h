// SPDX-License-Identifier: GPL-2.0-or-later
// What `kexec -t help` prints.
#pragma once

#include <string>

namespace kexec {

// Every image type, a line each: its name as -t takes it, and what it is.
std::string TypesText();

}  // namespace kexec
