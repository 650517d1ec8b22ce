// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <string>

#include "loaders/bzimage/bzimage.h"
#include "loaders/elf/elf_kernel.h"
#include "loaders/identify.h"
#include "loaders/kernel_image.h"
#include "loaders/multiboot/multiboot.h"

namespace kexec {
namespace {

// In the order they are asked.
constexpr Loader kLoaders[] = {
    {"bzImage64", "Linux/x86 bzImage entered in 64-bit mode", RecognisesBzImage64, ParseBzImage64},
    {"bzImage", "Linux/x86 bzImage entered in 32-bit mode", RecognisesBzImage, ParseBzImage},
    {"multiboot2-x86", "kernel with a Multiboot 2 header: Xen", RecognisesMultiboot2, ParseMultiboot2},
    {"multiboot-x86", "kernel with a Multiboot 1 header", RecognisesMultiboot1, ParseMultiboot1},
    {"elf-x86_64", "ELF executable for x86-64: Linux's vmlinux, other kernels", RecognisesElf64, ParseElf64},
    {"elf-x86", "ELF executable for 32-bit x86", RecognisesElf32, ParseElf32},
};

std::string KnownTypes() {
  std::string names;
  for (const Loader& loader : kLoaders) names += fmt::format("{}{}", names.empty() ? "" : ", ", loader.name);
  return names;
}

Result<KernelImage> ParseWith(const Loader& loader, const SharedBytes& file, const ParseOptions& options,
                              Diagnostics& diagnostics) {
  KEXEC_ASSIGN(KernelImage image, loader.parse(file, options, diagnostics), loader.name);
  image.type = loader.name;
  return image;
}

}  // namespace

std::span<const Loader> Loaders() { return kLoaders; }

Result<KernelImage> ParseKernel(const SharedBytes& file, std::string_view type, Diagnostics& diagnostics,
                                const ParseOptions& options) {
  const Bytes bytes = file.view();
  if (type.empty()) {
    const auto loader = std::ranges::find_if(kLoaders, [&](const Loader& l) { return l.recognises(bytes); });
    if (loader != std::end(kLoaders)) return ParseWith(*loader, file, options, diagnostics);
    const Contents contents = IdentifyContents(bytes);
    return Fail(Errc::kNotRecognised, "this looks like {}{} (supported: {})", contents.looks_like,
                contents.may_hold_kernel ? ", which is not supported yet" : ", not like a kernel",
                KnownTypes());
  }
  const auto loader = std::ranges::find(kLoaders, type, &Loader::name);
  if (loader == std::end(kLoaders)) {
    return Fail(Errc::kUsage, "there is no image type '{}' (supported: {})", type, KnownTypes());
  }
  if (!loader->recognises(bytes)) {
    return Fail(Errc::kNotRecognised, "not of type '{}': this looks like {}", type,
                IdentifyContents(bytes).looks_like);
  }
  return ParseWith(*loader, file, options, diagnostics);
}

}  // namespace kexec
