// SPDX-License-Identifier: LGPL-2.1-or-later
// GRUB's environment block, the file grubenv: what grub-set-default, grub-reboot and Fedora's kernel scripts
// keep there for the menu.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

using GrubVariables = std::map<std::string, std::string>;

// Lines NAME=VALUE, in which a '\' takes the next character as it is; '#' begins padding and comments
// (GRUB manual, "grubenv"). Anything else is skipped.
GrubVariables ParseGrubEnvironment(std::string_view block);

}  // namespace kexec
KEXEC_PUBLIC_END
