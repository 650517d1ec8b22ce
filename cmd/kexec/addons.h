// SPDX-License-Identifier: GPL-2.0-or-later
// The PE add-ons of a unified kernel image: those that lie beside it, and those of --addon.
#pragma once

#include <filesystem>
#include <vector>

#include "cmd/kexec/session.h"
#include "kexec/error.h"
#include "loaders/pe/addon.h"
#include "loaders/pe/uki.h"

namespace kexec {

struct FoundAddon {
  std::filesystem::path path;
  bool mapped = false;  // its bytes cost no private memory
  PeAddon addon;
};

// Those in the folder FILE.extra.d beside the image `file`, by name, as its boot program takes them
// (systemd-stub(7), "Companion Files"), then --addon in the order given. What lies in the folder and does not
// fit the image (another machine, another kernel, damaged) is left out with a warning; what was asked for is
// refused if it is no add-on for this machine, and taken with a warning if it names another kernel.
Result<std::vector<FoundAddon>> ReadAddons(const std::filesystem::path& file, const Uki& uki,
                                           const Session& session);

}  // namespace kexec
