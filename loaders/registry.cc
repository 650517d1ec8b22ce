// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <string>

#include "loaders/bzimage/bzimage.h"
#include "loaders/elf/elf_kernel.h"
#include "loaders/identify.h"
#include "loaders/image/image_kernel.h"
#include "loaders/kernel_image.h"
#include "loaders/multiboot/multiboot.h"

namespace kexec {
namespace {

constexpr std::string_view kX86 = "x86_64";
constexpr std::string_view kArm64 = "aarch64";
constexpr std::string_view kRiscv64 = "riscv64";

// In the order they are asked.
constexpr Loader kLoaders[] = {
    {"bzImage64", kX86, "Linux/x86 bzImage entered in 64-bit mode", RecognisesBzImage64, ParseBzImage64},
    {"bzImage", kX86, "Linux/x86 bzImage entered in 32-bit mode", RecognisesBzImage, ParseBzImage},
    {"multiboot2-x86", kX86, "kernel with a Multiboot 2 header: Xen", RecognisesMultiboot2, ParseMultiboot2},
    {"multiboot-x86", kX86, "kernel with a Multiboot 1 header", RecognisesMultiboot1, ParseMultiboot1},
    {"elf-x86_64", kX86, "ELF executable for x86-64: Linux's vmlinux, other kernels", RecognisesElf64,
     ParseElf64},
    {"elf-x86", kX86, "ELF executable for 32-bit x86", RecognisesElf32, ParseElf32},
    {"Image", kArm64, "Linux/arm64 Image", RecognisesArm64Image, ParseArm64Image},
    {"vmlinux", kArm64, "Linux's vmlinux for arm64", RecognisesArm64Elf, ParseArm64Elf},
    {"image-riscv", kRiscv64, "Linux/RISC-V Image", RecognisesRiscvImage, ParseRiscvImage},
    {"elf-riscv", kRiscv64, "Linux's vmlinux for RISC-V", RecognisesRiscvElf, ParseRiscvElf},
};

bool Serves(const Loader& loader, const ParseOptions& options) {
  return options.machine.empty() || options.machine == loader.machine;
}

// Those that load on the machine that is planned for.
std::string KnownTypes(const ParseOptions& options) {
  std::string names;
  for (const Loader& loader : kLoaders) {
    if (Serves(loader, options)) names += fmt::format("{}{}", names.empty() ? "" : ", ", loader.name);
  }
  return names;
}

Result<KernelImage> ParseWith(const Loader& loader, const SharedBytes& file, const ParseOptions& options,
                              Diagnostics& diagnostics) {
  if (!Serves(loader, options)) {
    return Fail(Errc::kUnsupported, "this is a kernel for {} (of type '{}'), the machine is {}",
                loader.machine, loader.name, options.machine);
  }
  KEXEC_ASSIGN(KernelImage image, loader.parse(file, options, diagnostics), loader.name);
  image.type = loader.name;
  image.machine = loader.machine;
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
                KnownTypes(options));
  }
  const auto loader = std::ranges::find(kLoaders, type, &Loader::name);
  if (loader == std::end(kLoaders)) {
    return Fail(Errc::kUsage, "there is no image type '{}' (supported: {})", type, KnownTypes(options));
  }
  if (!loader->recognises(bytes)) {
    return Fail(Errc::kNotRecognised, "not of type '{}': this looks like {}", type,
                IdentifyContents(bytes).looks_like);
  }
  return ParseWith(*loader, file, options, diagnostics);
}

}  // namespace kexec
