// SPDX-License-Identifier: GPL-2.0-or-later
// Where the kernel and what goes with it come from: the options alone, or an entry of a boot menu with them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

struct KernelSource {
  std::filesystem::path kernel;
  std::optional<std::string> profile;          // --profile, else the entry's
  std::vector<std::filesystem::path> initrds;  // the entry's, then --reuseinitrd's, then --initrd
  std::vector<std::string> modules;            // the entry's, then --module
  std::optional<std::string> command_line;     // the entry's; nullopt: it has none, or there is no entry
};

// Looks --boot-entry up. With --no-embedded nothing but the kernel is taken from the entry.
Result<KernelSource> ChooseSource(const Session& session);

}  // namespace kexec
