// SPDX-License-Identifier: GPL-2.0-or-later
// The option table as documentation: the OPTIONS section of kexec.8 and the completions of three shells. The
// files are kept in the source tree, written by scripts/generate-docs and compared by a test.
#pragma once

#include <string>
#include <string_view>

#include "kexec/error.h"

namespace kexec {

// Options a shell offers: all but those of other architectures, which are accepted only.
std::string RenderBashCompletion();
std::string RenderZshCompletion();
std::string RenderFishCompletion();

// mdoc(7): one .Ss per group, one .It per option.
std::string RenderManOptions();

// `page` with everything between the lines that mark the generated part replaced by RenderManOptions().
// kMalformed if a mark is missing.
Result<std::string> RenderManPage(std::string_view page);

}  // namespace kexec
