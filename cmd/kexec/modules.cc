// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/modules.h"

#include <variant>

#include "cmd/kexec/kernel_file.h"
#include "kexec/root_file.h"
#include "loaders/decompress.h"

namespace kexec {
namespace {

// Far above any module; it bounds what is read from a pipe.
constexpr uint64_t kMaxModuleFile = uint64_t{1} << 40;

// Only what is one compressed file from its first to its last byte: in front of something else the other
// bytes would be lost, as in an initrd of several archives.
Result<> UnpackModule(RequestedModule& module, const Session& session) {
  if (!IdentifyCompression(module.file.bytes.view())) return {};
  KEXEC_ASSIGN(Decompressed inner, Decompress(module.file.bytes.view(), UnpackLimits(session.root)),
               fmt::format("module '{}': {} data", module.file.path.string(),
                           ArchiveFormatName(*IdentifyCompression(module.file.bytes.view()))));
  if (inner.ignored != 0) {
    session.diagnostics.Note("module '{}' is handed over as it is: {} bytes follow its {} data",
                             module.file.path.string(), inner.ignored, ArchiveFormatName(inner.format));
    return {};
  }
  module.file.bytes = std::move(inner.bytes);
  module.file.fd = UniqueFd();
  module.file.mapped = false;
  return {};
}

bool TakesModules(const KernelImage& kernel, ElfHandover handover) {
  if (std::holds_alternative<MultibootKernel>(kernel.image)) return true;
  const auto* elf = std::get_if<ElfKernel>(&kernel.image);
  if (elf == nullptr || !elf->pvh_entry) return false;
  return handover == ElfHandover::kPvh || (handover == ElfHandover::kByImage && !elf->is_linux);
}

}  // namespace

Result<std::vector<RequestedModule>> ReadModules(const std::vector<std::string>& asked,
                                                 const Session& session) {
  std::vector<RequestedModule> modules;
  for (const std::string& words : asked) {
    RequestedModule module;
    module.command_line = words;
    const std::string path = words.substr(0, words.find(' '));
    if (path.empty()) return Fail(Errc::kUsage, "--module='{}' names no file", words);
    KEXEC_ASSIGN(module.file, OpenImageFile(path, kMaxModuleFile, session.root), "cannot read the module");
    module.file_bytes = module.file.bytes.size();
    KEXEC_TRY(UnpackModule(module, session));
    session.diagnostics.Note("module '{}': {} bytes", path, module.file.bytes.size());
    modules.push_back(std::move(module));
  }
  return modules;
}

Result<> CheckTakesFiles(const LoadRequest& request, const Options& options) {
  const std::string path = request.kernel_file.path.string();
  if (!request.modules.empty() && !TakesModules(request.kernel, options.rare.elf_handover)) {
    return Fail(Errc::kUsage,
                "--module is for multiboot and PVH kernels, and '{}' is of type {}: give --initrd", path,
                request.kernel.type);
  }
  if (request.initrds.empty() || !std::holds_alternative<MultibootKernel>(request.kernel.image)) return {};
  return Fail(Errc::kUsage, "'{}' is a multiboot kernel, which takes no initrd: give --module='{}' instead",
              path, InitrdName(request.initrds.front()));
}

}  // namespace kexec
