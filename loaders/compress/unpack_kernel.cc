// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "loaders/decompress.h"
#include "loaders/kernel_image.h"

namespace kexec {
namespace {

constexpr size_t kMostLayers = 2;

bool IsKernel(Bytes file) {
  return std::ranges::any_of(Loaders(), [&](const Loader& loader) { return loader.recognises(file); });
}

}  // namespace

std::string LayersName(const std::vector<ArchiveFormat>& layers) {
  std::string name;
  for (const ArchiveFormat format : layers) {
    name = fmt::format("{}{}{}", ArchiveFormatName(format), name.empty() ? "" : " in ", name);
  }
  return name;
}

Result<UnpackedKernel> UnpackKernel(const SharedBytes& file, Diagnostics& diagnostics,
                                    const DecompressLimits& limits) {
  UnpackedKernel kernel{file, {}};
  for (;;) {
    const auto format = IdentifyCompression(kernel.bytes.view());
    if (!format || IsKernel(kernel.bytes.view())) return kernel;
    std::vector<ArchiveFormat> layers = kernel.layers;
    layers.push_back(*format);
    const std::string name = LayersName(layers);
    if (kernel.layers.size() == kMostLayers) {
      return Fail(Errc::kUnsupported, "{} data: packed more than {} times over", name, kMostLayers);
    }
    KEXEC_ASSIGN(Decompressed inner, Decompress(kernel.bytes.view(), limits), fmt::format("{} data", name));
    if (inner.ignored != 0) {
      diagnostics.Warn("the kernel's {} data ends at {:#x}; the {} bytes behind it are ignored", name,
                       inner.used, inner.ignored);
    }
    diagnostics.Note("the kernel's {} data unpacks to {} bytes", name, inner.bytes.size());
    kernel = {std::move(inner.bytes), std::move(layers)};
  }
}

}  // namespace kexec
