// SPDX-License-Identifier: GPL-2.0-or-later
// What a load is made from, read and checked before any system call is chosen: the kernel, its initrds, and
// the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cmd/kexec/choose_call.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"
#include "kexec/file.h"
#include "loaders/kernel_image.h"

namespace kexec {

// The kernel's file was compressed.
struct Packing {
  std::string format;       // "gzip", "zstd in gzip"
  uint64_t file_bytes = 0;  // of the file as it is
  bool from_pipe = false;
};

struct LoadRequest {
  // Of a compressed kernel the bytes are the unpacked ones, and the descriptor is closed: what was in that
  // file is loaded, but not that file.
  ImageFile kernel_file;
  std::optional<Packing> packing;
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
