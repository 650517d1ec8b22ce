// SPDX-License-Identifier: LGPL-2.1-or-later
// What the running kernel was built with.
#pragma once

#include <optional>
#include <string_view>

#include "kexec/system_root.h"

namespace kexec {

// True or false as /boot/config-RELEASE, /lib/modules/RELEASE/config or /proc/config.gz say about `option`
// ("CONFIG_KEXEC"); nullopt when none of them can be read. The text is not trusted: rubbish is nullopt or
// false.
std::optional<bool> KernelBuiltWith(std::string_view option, const SystemRoot& root);

}  // namespace kexec
