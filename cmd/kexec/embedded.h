// SPDX-License-Identifier: GPL-2.0-or-later
// Taking a unified kernel image apart: its kernel is loaded like any other, and what its boot program would
// have handed over (initrds, command line, add-ons) is handed over here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/kexec/kernel_source.h"
#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// What an image brings besides its kernel.
struct EmbeddedParts {
  std::vector<RequestedInitrd> initrds;     // as the kernel will see them: microcode first
  std::optional<std::string> command_line;  // nullopt: it brings none
  std::optional<NamedFile> tree;            // its device tree for this machine; nullopt: it brings none
};

// If kernel_file is a unified kernel image: sets `embedding`, puts the bytes of the kernel inside in its
// place, and answers what else is in it and in its add-ons; nothing with --no-embedded. What was given in the
// options stands for the image's own initrd and command line, unless --keep-embedded is given too or a boot
// entry names the image; a note says what was left out. Any other file stays as it is. The command line of
// `source` stands for the image's own, as options given to its boot program do.
// An error tells what --profile, --addon or `-t uki` asked for and what there is.
Result<EmbeddedParts> TakeApart(LoadRequest& request, const KernelSource& source, const Session& session);

// Warns where the image names another kernel than the one inside.
void CheckRelease(const LoadRequest& request, Diagnostics& diagnostics);

}  // namespace kexec
