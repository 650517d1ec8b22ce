// SPDX-License-Identifier: GPL-2.0-or-later
// --module="FILE ARGS": files that multiboot and PVH kernels are given in memory.
#pragma once

#include <string>
#include <vector>

#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Opens each of `modules` ("FILE ARGS"). A file that is one compressed whole is unpacked; a bzImage stays
// packed, as its kernel unpacks itself. Errors name the file.
Result<std::vector<RequestedModule>> ReadModules(const std::vector<std::string>& modules,
                                                 const Session& session);

// kUsage where the kernel takes no modules but was given some, or initrds that it cannot be told of.
Result<> CheckTakesFiles(const LoadRequest& request, const Options& options);

}  // namespace kexec
