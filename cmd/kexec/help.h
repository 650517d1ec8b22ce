// SPDX-License-Identifier: GPL-2.0-or-later
// The two texts kexec(8) prints about itself. Both are made from the option table and need no terminal.
#pragma once

#include <string>
#include <string_view>

namespace kexec {

// `kexec --help`: usage, the options by group, examples; at most 80 columns wide, ends with a newline.
std::string HelpText();

// The usage lines alone, which also follow a message about an unknown option.
std::string UsageText();

// `kexec --version`, one line with its newline. Tools look for "kexec-tools X.Y.Z" in it: the version of
// kexec-tools whose command line this is.
std::string_view VersionText();

}  // namespace kexec
