// SPDX-License-Identifier: LGPL-2.1-or-later
// Images that belong to a machine: whoever opens a kernel, an initrd, a module or an add-on by a path that a
// boot menu or a folder of the machine led to opens it here.
#pragma once

#include <filesystem>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/file.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// OpenImageFile; but what `path` says lies below a recorded machine's directory is opened there by the rule
// for its links, whatever the path has become since it was looked up, and is a regular file.
Result<ImageFile> OpenImageFile(const std::filesystem::path& path, uint64_t max_bytes,
                                const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
