// SPDX-License-Identifier: GPL-2.0-or-later
// What a load is made from, read and checked before any system call is chosen: the kernel, its initrds, and
// the command line.
#pragma once

#include <string>
#include <vector>

#include "cmd/kexec/choose_call.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"
#include "kexec/file.h"
#include "loaders/kernel_image.h"

namespace kexec {

struct LoadRequest {
  ImageFile kernel_file;
  KernelImage kernel;
  std::vector<ImageFile> initrds;
  std::string command_line;
};

// Opens, parses and checks everything; damaged and cut files end here, whichever call would load them.
Result<LoadRequest> ReadLoadRequest(const Session& session);

// The longest command line this kernel takes, without the final zero; 0: it has none.
uint64_t CommandLineLimit(const KernelImage& kernel);

// What ChooseCall decides from.
LoadFacts GatherFacts(const LoadRequest& request, const Options& options, const SystemRoot& root);

}  // namespace kexec
