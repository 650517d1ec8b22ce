// SPDX-License-Identifier: GPL-2.0-or-later
// What a load is made from, read and checked before any system call is chosen: the kernel, its initrds and
// modules, and the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/machine.h"
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
};

// The file holds more than a kernel.
struct Embedding {
  std::string type;            // "uki", as -t takes it
  uint64_t bytes = 0;          // of the whole image, unpacked
  std::string profile;         // "profile 1 ('factory-reset')"; empty: it has none
  std::string os_name;         // the operating system's name for people, from .osrel; empty: not told
  std::string release;         // uname -r of the kernel inside, from .uname; empty: not told
  std::string kernel_packing;  // of the kernel inside, as Packing::format; empty: not compressed
  std::vector<std::filesystem::path> addons;  // those that were applied, in order
};

// An initrd and where it came from.
struct RequestedInitrd : ImageFile {
  std::string section;      // the section of `path` that it is: ".initrd"; empty: the file itself
  uint64_t file_bytes = 0;  // before --decompress-initrd
  bool from_pipe = false;
};

// --module="FILE ARGS": the file, unpacked if it was compressed, and both words as the kernel sees them.
struct RequestedModule {
  ImageFile file;
  uint64_t file_bytes = 0;  // of the file as it is
  std::string command_line;
};

struct LoadRequest {
  // Of a compressed kernel the bytes are the unpacked ones, of a unified kernel image those of the kernel
  // inside, and the descriptor is closed: what was in that file is loaded, but not that file.
  ImageFile kernel_file;
  bool kernel_from_pipe = false;
  std::optional<Packing> packing;
  std::optional<Embedding> embedding;
  std::string kernel_type;  // that the kernel itself must have, by -t; empty: any
  KernelImage kernel;
  // As the new kernel will see them: what the image brings, with microcode first, then --initrd.
  std::vector<RequestedInitrd> initrds;
  std::vector<RequestedModule> modules;
  DeviceTreeOptions device_tree;  // --dtb or what the image brings, --dtb-overlay
  bool tree_by_image = false;
  std::string command_line;
};

// Bytes of the kernel's file as it is, whatever was made of it.
uint64_t KernelFileBytes(const LoadRequest& request);

// "initrd.img", or "linux.efi:.initrd" for one that lies in a section of a file.
std::string InitrdName(const RequestedInitrd& initrd);

// Opens, parses and checks everything; damaged and cut files end here, whichever call would load them.
Result<LoadRequest> ReadLoadRequest(const Session& session);

// What ChooseCall decides from.
LoadFacts GatherFacts(const LoadRequest& request, const Options& options, const SystemRoot& root);

}  // namespace kexec
