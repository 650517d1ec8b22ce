// SPDX-License-Identifier: LGPL-2.1-or-later
// How much RAM the running kernel manages, which limits how much it loads.
#pragma once

#include <cstdint>
#include <string_view>

#include "kexec/diagnostics.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

namespace kexec {

// Pure. What follows `key` and its colon on the first line of `text` that starts with `key`, as in
// /proc/cpuinfo and /proc/meminfo; empty if none does.
std::string_view FirstValue(std::string_view text, std::string_view key);

// Pure. "MemTotal:  733456 kB" in the text of /proc/meminfo as pages; 0 if it is not there.
uint64_t TotalRamPages(std::string_view meminfo, Alignment page);

// The same of a machine, with a note where /proc/meminfo cannot be read.
uint64_t ReadTotalRamPages(const SystemRoot& root, Alignment page, Diagnostics& diagnostics);

}  // namespace kexec
