// SPDX-License-Identifier: GPL-2.0-or-later
// The short story of kexec_file_load: two descriptors and a command line; the kernel does the rest.
#pragma once

#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// The flags beyond the load's kind: --no-cma, also where contiguous memory would cost the initrd,
// --force-dtb, and the kernel's own debug messages for -d where the running kernel knows them.
uint64_t FileLoadFlags(const Options& options, const SystemRoot& root);

// Bytes of kernel and initrds as the call is told of them.
uint64_t FileLoadBytes(const LoadRequest& request, LoadKind kind);

// The kernel goes in as the file the user named, so that signatures and measurements are of that file; what
// came through a pipe or was compressed, and several initrds, go in as one file in memory.
Result<> LoadByFile(const LoadRequest& request, const Session& session);

}  // namespace kexec
