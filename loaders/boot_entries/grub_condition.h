// SPDX-License-Identifier: LGPL-2.1-or-later
// GRUB's command test, as the conditions of a grub.cfg use it. For grub_menu.cc.
#pragma once

#include <span>
#include <string>

namespace kexec {

// What `[ words ]` says: comparisons of texts and numbers, -n, -z, '!', -a and -o. Of files only those of
// `existing_suffix` exist, for -e, -f and -s. What is not understood is false.
bool GrubTest(std::span<const std::string> words, std::string_view existing_suffix);

}  // namespace kexec
