// SPDX-License-Identifier: GPL-2.0-or-later
// What the crash kernel of a load needs, gathered from its files, its command line and this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "arch/crash_estimate.h"
#include "cmd/kexec/load_request.h"
#include "kexec/system_root.h"
#include "loaders/unpacked_size.h"

namespace kexec {

// `dumped_ranges`: CrashReservation::dumped_ranges. Never fails: CPUs that cannot be counted count as one.
CrashNeed GatherCrashNeed(const LoadRequest& request, uint64_t dumped_ranges, const SystemRoot& root);

// The value of the last word "name=value" of a command line, nullopt if there is none. Quotes are not looked
// at: for numbers and names.
std::optional<std::string_view> ParameterValue(std::string_view command_line, std::string_view name);

}  // namespace kexec
