// SPDX-License-Identifier: GPL-2.0-or-later
// From the words of the command line to the bytes of a kernel: opened, unpacked, parsed.
#pragma once

#include <cstdint>

#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"
#include "loaders/decompress.h"

namespace kexec {

// Opens `path` and unpacks it if it is compressed: fills kernel_file, kernel_from_pipe and packing. A file of
// a type that is known but never loaded ends here, with the reason.
Result<> OpenKernelFile(const std::filesystem::path& path, LoadRequest& request, const Session& session);

// What is in kernel_file, which may have been taken out of something larger.
Result<KernelImage> ParseKernelFile(const LoadRequest& request, const Session& session);

// How far a compressed file is trusted: to half of RAM, above which kexec_load refuses, and 2 GiB.
DecompressLimits UnpackLimits(const SystemRoot& root);

// "6.1.0-49-amd64 (...)" where the kernel tells; empty: it does not.
std::string KernelVersion(const KernelImage& kernel);

// The release at the start of that, as uname -r.
std::string KernelRelease(const KernelImage& kernel);

}  // namespace kexec
