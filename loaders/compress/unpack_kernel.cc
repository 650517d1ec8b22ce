// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "loaders/bzimage/checksum.h"
#include "loaders/decompress.h"
#include "loaders/kernel_image.h"
#include "loaders/pe/zboot.h"
#include "loaders/uimage/uimage.h"

namespace kexec {
namespace {

constexpr int kMostPackings = 2;
const Loader* FindLoader(Bytes file) {
  const auto found =
      std::ranges::find_if(Loaders(), [&](const Loader& loader) { return loader.recognises(file); });
  return found == Loaders().end() ? nullptr : &*found;
}

bool HasLayer(const UnpackedKernel& kernel, std::string_view layer) {
  return std::ranges::find(kernel.layers, layer) != kernel.layers.end();
}

// Takes the payload out of an EFI zboot kernel: it must be compressed with something we know.
Result<> OpenZboot(UnpackedKernel& kernel, Diagnostics& diagnostics) {
  if (HasLayer(kernel, kZbootLayer)) {
    return Fail(Errc::kUnsupported, "an EFI zboot kernel inside an EFI zboot kernel");
  }
  KEXEC_ASSIGN(ZbootPayload payload, ReadZboot(kernel.bytes), kZbootLayer);
  diagnostics.Note("the kernel is an EFI zboot kernel with {} bytes of {} data", payload.packed.size(),
                   payload.compression);
  kernel.layers.emplace_back(kZbootLayer);
  kernel.bytes = std::move(payload.packed);
  if (IdentifyCompression(kernel.bytes.view())) return {};
  return Fail(Errc::kUnsupported, "EFI zboot: the payload is said to be {} data, but does not look like any",
              payload.compression.empty() ? "unnamed" : fmt::format("'{}'", payload.compression));
}

// Takes the data out of a uImage; `machine` gets what its header says.
Result<> OpenUimage(UnpackedKernel& kernel, std::string_view& machine, Diagnostics& diagnostics) {
  if (HasLayer(kernel, kUimageLayer)) return Fail(Errc::kUnsupported, "a uImage inside a uImage");
  KEXEC_ASSIGN(UimagePayload payload, ReadUimage(kernel.bytes), kUimageLayer);
  diagnostics.Note("the kernel is a uImage for {} with {} bytes of {} data", payload.machine,
                   payload.data.size(), payload.compression.empty() ? "plain" : payload.compression);
  kernel.layers.emplace_back(kUimageLayer);
  kernel.bytes = std::move(payload.data);
  machine = payload.machine;
  if (payload.compression.empty() || IdentifyCompression(kernel.bytes.view())) return {};
  return Fail(Errc::kUnsupported, "uImage: the data are said to be '{}' data, but do not look like any",
              payload.compression);
}

Result<> CheckMachine(const Loader& loader, std::string_view told) {
  if (told.empty() || told == loader.machine) return {};
  return Fail(Errc::kMalformed,
              "uImage: its header says it is for {}, the kernel in it is for {} (of type '{}')", told,
              loader.machine, loader.name);
}

// A signature covers the file to its end (pefile_digest_pe_contents in
// crypto/asymmetric_keys/verify_pefile.c), so zeros that were packed behind a signed kernel break it.
SharedBytes EndAtCertificates(const SharedBytes& kernel, Diagnostics& diagnostics) {
  const auto signing = FindPeSigning(kernel.view());
  if (!signing || signing->certificates_end == 0 || signing->certificates_end >= kernel.size()) return kernel;
  const Bytes behind = kernel.view().subspan(signing->certificates_end);
  if (std::ranges::any_of(behind, [](std::byte b) { return b != std::byte{0}; })) return kernel;
  diagnostics.Note(
      "the unpacked kernel is signed and ends with its certificates at {:#x}: {} bytes of padding are left "
      "out",
      signing->certificates_end, behind.size());
  return *kernel.Slice(0, signing->certificates_end);
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
  kernel.bytes = EndAtCertificates(std::move(inner.bytes), diagnostics);
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
  std::string_view machine;
  for (int packings = 0;;) {
    if (const Loader* loader = FindLoader(kernel.bytes.view())) {
      KEXEC_TRY(CheckMachine(*loader, machine));
      return kernel;
    }
    if (RecognisesUimage(kernel.bytes.view())) {
      KEXEC_TRY(OpenUimage(kernel, machine, diagnostics));
      continue;
    }
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
