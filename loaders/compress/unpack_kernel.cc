// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "loaders/decompress.h"
#include "loaders/kernel_image.h"
#include "loaders/pe/zboot.h"

namespace kexec {
namespace {

constexpr int kMostPackings = 2;
constexpr std::string_view kZboot = "EFI zboot";

bool IsKernel(Bytes file) {
  return std::ranges::any_of(Loaders(), [&](const Loader& loader) { return loader.recognises(file); });
}

// Takes the payload out of an EFI zboot kernel: it must be compressed with something we know.
Result<> OpenZboot(UnpackedKernel& kernel, Diagnostics& diagnostics) {
  if (std::ranges::find(kernel.layers, kZboot) != kernel.layers.end()) {
    return Fail(Errc::kUnsupported, "an EFI zboot kernel inside an EFI zboot kernel");
  }
  KEXEC_ASSIGN(ZbootPayload payload, ReadZboot(kernel.bytes), kZboot);
  diagnostics.Note("the kernel is an EFI zboot kernel with {} bytes of {} data", payload.packed.size(),
                   payload.compression);
  kernel.layers.emplace_back(kZboot);
  kernel.bytes = std::move(payload.packed);
  if (IdentifyCompression(kernel.bytes.view())) return {};
  return Fail(Errc::kUnsupported, "EFI zboot: the payload is said to be {} data, but does not look like any",
              payload.compression.empty() ? "unnamed" : fmt::format("'{}'", payload.compression));
}

Result<> UnpackOnce(UnpackedKernel& kernel, ArchiveFormat format, Diagnostics& diagnostics,
                    const DecompressLimits& limits) {
  kernel.layers.emplace_back(ArchiveFormatName(format));
  const std::string name = LayersName(kernel.layers);
  KEXEC_ASSIGN(Decompressed inner, Decompress(kernel.bytes.view(), limits), fmt::format("{} data", name));
  if (inner.ignored != 0) {
    diagnostics.Warn("the kernel's {} data ends at {:#x}; the {} bytes behind it are ignored", name,
                     inner.used, inner.ignored);
  }
  diagnostics.Note("the kernel's {} data unpacks to {} bytes", name, inner.bytes.size());
  kernel.bytes = std::move(inner.bytes);
  return {};
}

}  // namespace

std::string LayersName(const std::vector<std::string>& layers) {
  std::string name;
  for (const std::string& layer : layers) {
    name = fmt::format("{}{}{}", layer, name.empty() ? "" : " in ", name);
  }
  return name;
}

Result<UnpackedKernel> UnpackKernel(const SharedBytes& file, Diagnostics& diagnostics,
                                    const DecompressLimits& limits) {
  UnpackedKernel kernel{file, {}};
  for (int packings = 0;;) {
    if (IsKernel(kernel.bytes.view())) return kernel;
    if (RecognisesZboot(kernel.bytes.view())) KEXEC_TRY(OpenZboot(kernel, diagnostics));
    const auto format = IdentifyCompression(kernel.bytes.view());
    if (!format) return kernel;
    if (++packings > kMostPackings) {
      kernel.layers.emplace_back(ArchiveFormatName(*format));
      return Fail(Errc::kUnsupported, "{} data: packed more than {} times over", LayersName(kernel.layers),
                  kMostPackings);
    }
    KEXEC_TRY(UnpackOnce(kernel, *format, diagnostics, limits));
  }
}

}  // namespace kexec
