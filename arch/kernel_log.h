// SPDX-License-Identifier: LGPL-2.1-or-later
// What the running kernel has said, as far as it still remembers.
#pragma once

#include <filesystem>
#include <string>

#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// The records of dev/kmsg below `root`, one a line: "priority,sequence,time,flags;text"
// (Documentation/ABI/testing/dev-kmsg).
Result<std::string> ReadKernelLog(const std::filesystem::path& root);

}  // namespace kexec
KEXEC_PUBLIC_END
