// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/load_request.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "cmd/kexec/command_line.h"
#include "cmd/kexec/early_unpack.h"
#include "cmd/kexec/embedded.h"
#include "cmd/kexec/kernel_file.h"
#include "cmd/kexec/kernel_source.h"
#include "cmd/kexec/modules.h"
#include "cmd/kexec/real_mode.h"
#include "kexec/explain.h"
#include "kexec/root_file.h"
#include "loaders/dtb/device_tree.h"
#include "loaders/initrd.h"

namespace kexec {
namespace {

// Far above any initrd; it bounds what is read from a pipe.
constexpr uint64_t kMaxInitrdFile = uint64_t{1} << 40;

// What wears Linux' header and is none takes what it likes: memdisk a disk, iPXE a script.
bool TakesArchives(const KernelImage& kernel) {
  const auto* image = std::get_if<BzImage>(&kernel.image);
  return image == nullptr || image->real_mode_only.empty() || !image->loaded_high;
}

// What all initrds may have together: more than the machine's memory fits nowhere.
uint64_t RoomForInitrds(const SystemRoot& root) {
  return std::min(kMaxInitrdFile, MemInfo("MemTotal", root).value_or(kMaxInitrdFile));
}

// Refuses one above `room` before any of it is read.
Result<RequestedInitrd> ReadInitrd(const std::filesystem::path& path, uint64_t room,
                                   const KernelImage& kernel, const Session& session) {
  RequestedInitrd initrd;
  Result<ImageFile> file = OpenImageFile(path, room, session.root);
  if (!file.has_value()) {
    const bool too_long = file.error().code() == Errc::kDoesNotFit;
    return std::unexpected(std::move(file).error().Context(
        too_long ? "the initrds do not fit into this machine's memory" : "cannot read the initrd"));
  }
  static_cast<ImageFile&>(initrd) = *std::move(file);
  initrd.file_bytes = initrd.bytes.size();
  initrd.from_pipe = !initrd.fd.valid();
  if (TakesArchives(kernel)) KEXEC_TRY(CheckInitrd(initrd.bytes.view(), path.string(), session.diagnostics));
  return initrd;
}

Result<NamedFile> ReadTreeFile(const std::filesystem::path& path, std::string_view what) {
  KEXEC_ASSIGN(ImageFile file, OpenImageFile(path, DeviceTree::kMaxBytes),
               fmt::format("cannot read the {}", what));
  return NamedFile{path.string(), std::move(file.bytes)};
}

Result<DeviceTreeOptions> ReadTreeFiles(const RareOptions& rare) {
  DeviceTreeOptions trees;
  if (rare.dtb) {
    KEXEC_ASSIGN(trees.tree, ReadTreeFile(*rare.dtb, "device tree"));
  }
  for (const std::filesystem::path& path : rare.dtb_overlays) {
    KEXEC_ASSIGN(NamedFile overlay, ReadTreeFile(path, "overlay"));
    trees.overlays.push_back(std::move(overlay));
  }
  return trees;
}

Result<> CheckLength(const std::string& command_line, const KernelImage& kernel) {
  const uint64_t limit = CommandLineLimit(kernel);
  if (command_line.size() <= limit) return {};
  return Fail(Errc::kDoesNotFit, "the command line is {} bytes long, and this kernel takes {}",
              command_line.size(), limit);
}

void Describe(const LoadRequest& request, Diagnostics& diagnostics) {
  diagnostics.Note("kernel '{}': type {}, {} bytes", request.kernel_file.path.string(), request.kernel.type,
                   request.kernel_file.bytes.size());
  for (const RequestedInitrd& initrd : request.initrds) {
    diagnostics.Note("initrd '{}': {} bytes", InitrdName(initrd), initrd.bytes.size());
  }
  diagnostics.Note("command line, {} of {} bytes: {}", request.command_line.size(),
                   CommandLineLimit(request.kernel), request.command_line);
}

}  // namespace

uint64_t KernelFileBytes(const LoadRequest& request) {
  if (request.packing) return request.packing->file_bytes;
  return request.embedding ? request.embedding->bytes : request.kernel_file.bytes.size();
}

std::string InitrdName(const RequestedInitrd& initrd) {
  if (initrd.section.empty()) return initrd.path.string();
  return fmt::format("{}:{}", initrd.path.string(), initrd.section);
}

Result<LoadRequest> ReadLoadRequest(const Session& session) {
  const Options& options = session.options;
  LoadRequest request;
  KEXEC_ASSIGN(const KernelSource source, ChooseSource(session));
  KEXEC_TRY(OpenKernelFile(source.kernel, request, session));
  KEXEC_ASSIGN(EmbeddedParts embedded, TakeApart(request, source, session));
  KEXEC_ASSIGN(request.kernel, ParseKernelFile(request, session));
  CheckRelease(request, session.diagnostics);
  KEXEC_TRY(CheckRealMode(request.kernel, options));
  UnpackKernelEarly(request, session);
  request.initrds = std::move(embedded.initrds);
  uint64_t room = RoomForInitrds(session.root);
  for (const std::filesystem::path& path : source.initrds) {
    KEXEC_ASSIGN(RequestedInitrd initrd, ReadInitrd(path, room, request.kernel, session));
    room -= initrd.file_bytes;
    request.initrds.push_back(std::move(initrd));
  }
  UnpackInitrdsEarly(request, session);
  KEXEC_ASSIGN(request.modules, ReadModules(source.modules, session));
  KEXEC_TRY(CheckTakesFiles(request, options));
  KEXEC_ASSIGN(request.device_tree, ReadTreeFiles(options.rare));
  if (!request.device_tree.tree && embedded.tree) {
    request.device_tree.tree = std::move(embedded.tree);
    request.tree_by_image = true;
  }
  KEXEC_ASSIGN(request.command_line,
               BuildCommandLine({.append = options.append,
                                 .reuse = options.reuse_cmdline,
                                 .kind = options.slot,
                                 .brought = std::move(embedded.command_line),
                                 .reuse_replaces_brought = options.boot_entry && !options.keep_embedded},
                                session.root));
  KEXEC_TRY(CheckLength(request.command_line, request.kernel));
  Describe(request, session.diagnostics);
  return request;
}

}  // namespace kexec
