// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/load_request.h"

#include <algorithm>

#include "cmd/kexec/command_line.h"
#include "loaders/decompress.h"
#include "loaders/file_load.h"
#include "loaders/initrd.h"

namespace kexec {
namespace {

// Far above any kernel or initrd; they bound what is read from a pipe.
constexpr uint64_t kMaxKernelFile = uint64_t{2} << 30;
constexpr uint64_t kMaxInitrdFile = uint64_t{1} << 40;

// What a compressed kernel may unpack to: what is read of any, and not more than half of RAM, which
// kexec_load refuses.
uint64_t UnpackedLimit(const SystemRoot& root) {
  const auto ram = MemInfo("MemTotal", root);
  return ram ? std::min(kMaxKernelFile, *ram / 2) : kMaxKernelFile;
}

Result<> UnpackKernelFile(LoadRequest& request, const Session& session) {
  ImageFile& file = request.kernel_file;
  KEXEC_ASSIGN(UnpackedKernel unpacked,
               UnpackKernel(file.bytes, session.diagnostics, {.output = UnpackedLimit(session.root)}),
               fmt::format("cannot load '{}'", file.path.string()));
  if (unpacked.layers.empty()) return {};
  request.packing = Packing{LayersName(unpacked.layers), file.bytes.size(), !file.fd.valid()};
  file.bytes = std::move(unpacked.bytes);
  file.fd = UniqueFd();
  file.mapped = false;
  return {};
}

Result<KernelImage> ParseKernelFile(const LoadRequest& request, const Options& options,
                                    Diagnostics& diagnostics) {
  const ImageFile& file = request.kernel_file;
  // -i: whoever changed a kernel on purpose may load it, too.
  const ParseOptions checks{.verify_checksum = options.purgatory.digest != DigestKind::kNone};
  Result<KernelImage> image = ParseKernel(file.bytes, options.type.value_or(""), diagnostics, checks);
  if (image.has_value()) return image;
  // Scripts look for these words, and the file's name right behind them.
  if (image.error().code() == Errc::kNotRecognised && !options.type) {
    return Fail(Errc::kNotRecognised, "Cannot determine the file type of {}: {}{}", file.path.string(),
                request.packing ? fmt::format("unpacked from {}, ", request.packing->format) : "",
                image.error().message());
  }
  return std::unexpected(
      std::move(image).error().Context(fmt::format("cannot load '{}'", file.path.string())));
}

Result<ImageFile> ReadInitrd(const std::filesystem::path& path, Diagnostics& diagnostics) {
  KEXEC_ASSIGN(ImageFile file, OpenImageFile(path, kMaxInitrdFile), "cannot read the initrd");
  KEXEC_TRY(CheckInitrd(file.bytes.view(), path.string(), diagnostics));
  return file;
}

bool HasDmCryptKeys(const SystemRoot& root) {
  const auto count = root.ReadLine("sys/kernel/config/crash_dm_crypt_keys/count");
  return count.has_value() && ParseNumber(*count).value_or(0) > 0;
}

Result<> CheckLength(const std::string& command_line, const KernelImage& kernel) {
  const uint64_t limit = CommandLineLimit(kernel);
  if (command_line.size() <= limit) return {};
  return Fail(Errc::kDoesNotFit, "the command line is {} bytes long, and this kernel takes {}",
              command_line.size(), limit);
}

}  // namespace

Result<LoadRequest> ReadLoadRequest(const Session& session) {
  const Options& options = session.options;
  LoadRequest request;
  KEXEC_ASSIGN(request.kernel_file, OpenImageFile(options.kernel, kMaxKernelFile), "cannot read the kernel");
  KEXEC_TRY(UnpackKernelFile(request, session));
  KEXEC_ASSIGN(request.kernel, ParseKernelFile(request, options, session.diagnostics));
  for (const std::filesystem::path& path : options.initrds) {
    KEXEC_ASSIGN(ImageFile initrd, ReadInitrd(path, session.diagnostics));
    request.initrds.push_back(std::move(initrd));
  }
  KEXEC_ASSIGN(request.command_line,
               BuildCommandLine({options.append, options.reuse_cmdline, options.slot}, session.root));
  KEXEC_TRY(CheckLength(request.command_line, request.kernel));
  session.diagnostics.Note("kernel '{}': type {}, {} bytes", options.kernel.string(), request.kernel.type,
                           request.kernel_file.bytes.size());
  for (const ImageFile& initrd : request.initrds) {
    session.diagnostics.Note("initrd '{}': {} bytes", initrd.path.string(), initrd.bytes.size());
  }
  session.diagnostics.Note("command line, {} of {} bytes: {}", request.command_line.size(),
                           CommandLineLimit(request.kernel), request.command_line);
  return request;
}

LoadFacts GatherFacts(const LoadRequest& request, const Options& options, const SystemRoot& root) {
  LoadFacts facts;
  facts.asked = options.call;
  facts.kind = options.slot;
  facts.needs = options.needs_kexec_load;
  facts.prefers = options.prefers_kexec_load;
  facts.initrds = request.initrds.size();
  const bool kernel_from_pipe =
      request.packing ? request.packing->from_pipe : !request.kernel_file.fd.valid();
  facts.from_pipe = kernel_from_pipe || std::ranges::any_of(request.initrds, [](const ImageFile& file) {
                      return !file.fd.valid();
                    });
  if (request.packing) facts.packing = request.packing->format;
  facts.obstacle = FileLoadObstacle(request.kernel, request.command_line.size());
  facts.lockdown = LockdownState(root).value_or("");
  facts.has_dm_crypt_keys = options.slot == LoadKind::kCrash && HasDmCryptKeys(root);
  return facts;
}

}  // namespace kexec
