// SPDX-License-Identifier: GPL-2.0-or-later
// Command lines and their meaning as text, so that table tests are readable and compare every field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/options.h"

namespace kexec::testing {

// "-l K --append 'a b' ''" as words: blanks separate, single quotes group, '' is an empty word.
std::vector<std::string> SplitWords(std::string_view line);

// ParseArguments on these words.
Result<Options> Parse(const std::vector<std::string>& words);
Result<Options> Parse(std::string_view line);

// Mode, then every field that differs from Options{}, then "! warning" per warning: all separated by "; ".
std::string Describe(const Options& options);
// The description, or "error: MESSAGE".
std::string Describe(const Result<Options>& result);

}  // namespace kexec::testing
