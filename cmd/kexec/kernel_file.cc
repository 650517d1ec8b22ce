// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/kernel_file.h"

#include <algorithm>
#include <span>
#include <variant>

#include "kexec/root_file.h"
#include "loaders/types.h"

namespace kexec {
namespace {

// Far above any kernel; it bounds what is read from a pipe.
constexpr uint64_t kMaxKernelFile = uint64_t{2} << 30;

// -t, or the file itself, names a type that is never loaded.
Result<> CheckRefusedType(const LoadRequest& request, const Options& options) {
  const std::vector<ImageType> types = ImageTypes();
  const auto asked = std::ranges::find(types, options.type.value_or(""), &ImageType::name);
  std::string_view refusal = asked == types.end() ? std::string_view() : asked->refusal;
  if (!options.type) refusal = RefusalOf(request.kernel_file.bytes.view());
  if (refusal.empty()) return {};
  return Fail(Errc::kUnsupported, "cannot load '{}': {}", request.kernel_file.path.string(), refusal);
}

// None for the kernel inside a unified kernel image.
Result<std::string> TypeOfKernel(const Options& options, std::span<const std::string> layers) {
  if (!options.type || options.type == kUkiType) return std::string();
  KEXEC_ASSIGN(const std::string_view type, TypeInside(*options.type, layers));
  return std::string(type);
}

Result<> UnpackKernelFile(LoadRequest& request, const Session& session) {
  ImageFile& file = request.kernel_file;
  KEXEC_ASSIGN(UnpackedKernel unpacked,
               UnpackKernel(file.bytes, session.diagnostics, UnpackLimits(session.root)),
               fmt::format("cannot load '{}'", file.path.string()));
  KEXEC_ASSIGN(request.kernel_type, TypeOfKernel(session.options, unpacked.layers),
               fmt::format("cannot load '{}'", file.path.string()));
  if (unpacked.layers.empty()) return {};
  request.packing = Packing{LayersName(unpacked.layers), file.bytes.size()};
  file.bytes = std::move(unpacked.bytes);
  file.fd = UniqueFd();
  file.mapped = false;
  return {};
}

// What a message has to say about how these bytes were come by.
std::string Provenance(const LoadRequest& request) {
  std::string text;
  if (request.packing) text += fmt::format("unpacked from {}, ", request.packing->format);
  if (request.embedding) {
    const std::string& packing = request.embedding->kernel_packing;
    text += fmt::format("the kernel inside the unified kernel image{}: ",
                        packing.empty() ? "" : fmt::format(", unpacked from {}", packing));
  }
  return text;
}

std::string VersionOf(const BzImage& image) { return image.version; }
std::string VersionOf(const DirectLinux& image) { return image.packed.version; }
std::string VersionOf(const ElfKernel& image) { return image.version; }
std::string VersionOf(const MultibootKernel&) { return {}; }
std::string VersionOf(const ImageKernel& image) { return image.version; }

}  // namespace

DecompressLimits UnpackLimits(const SystemRoot& root) {
  const auto ram = MemInfo("MemTotal", root);
  return {.output = ram ? std::min(kMaxKernelFile, *ram / 2) : kMaxKernelFile};
}

Result<> OpenKernelFile(const std::filesystem::path& path, LoadRequest& request, const Session& session) {
  KEXEC_ASSIGN(request.kernel_file, OpenImageFile(path, kMaxKernelFile, session.root),
               "cannot read the kernel");
  request.kernel_from_pipe = !request.kernel_file.fd.valid();
  KEXEC_TRY(UnpackKernelFile(request, session));
  return CheckRefusedType(request, session.options);
}

Result<KernelImage> ParseKernelFile(const LoadRequest& request, const Session& session) {
  const ImageFile& file = request.kernel_file;
  // -i: whoever changed a kernel on purpose may load it, too.
  // A machine that cannot be told is refused when it is read.
  const std::string machine = session.root.MachineName().value_or("");
  const ParseOptions checks{.verify_checksum = session.options.purgatory.digest != DigestKind::kNone,
                            .machine = machine};
  const std::string& type = request.kernel_type;
  Result<KernelImage> image = ParseKernel(file.bytes, type, session.diagnostics, checks);
  if (image.has_value()) return image;
  // Scripts look for these words, and the file's name right behind them.
  if (image.error().code() == Errc::kNotRecognised && type.empty()) {
    return Fail(Errc::kNotRecognised, "Cannot determine the file type of {}: {}{}", file.path.string(),
                Provenance(request), image.error().message());
  }
  return std::unexpected(
      std::move(image).error().Context(fmt::format("cannot load '{}'", file.path.string())));
}

std::string KernelVersion(const KernelImage& kernel) {
  return std::visit([](const auto& image) { return VersionOf(image); }, kernel.image);
}

std::string KernelRelease(const KernelImage& kernel) {
  const std::string version = KernelVersion(kernel);
  return version.substr(0, version.find(' '));
}

}  // namespace kexec
