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

// The file holds more than a kernel.
struct Embedding {
  std::string format;       // "uki": its type as -t takes it
  uint64_t file_bytes = 0;  // of the file as it is
  bool from_pipe = false;
  std::vector<std::string> parts;  // what was taken besides the kernel: ".initrd", ".cmdline of profile 'x'"
};

// --module="FILE ARGS": the file, unpacked if it was compressed, and both words as the kernel sees them.
struct RequestedModule {
  ImageFile file;
  std::string command_line;
};

struct LoadRequest {
  // Of a compressed kernel the bytes are the unpacked ones, and the descriptor is closed: what was in that
  // file is loaded, but not that file.
  ImageFile kernel_file;
  std::optional<Packing> packing;
  // Of a unified kernel image `kernel_file` has the bytes of the kernel inside, again without descriptor; the
  // initrds inside stand before those of --initrd.
  std::optional<Embedding> embedding;
  KernelImage kernel;
  std::vector<ImageFile> initrds;
  std::vector<RequestedModule> modules;
  std::string command_line;
};

// Opens, parses and checks everything; damaged and cut files end here, whichever call would load them.
Result<LoadRequest> ReadLoadRequest(const Session& session);

// What ChooseCall decides from.
LoadFacts GatherFacts(const LoadRequest& request, const Options& options, const SystemRoot& root);

}  // namespace kexec
