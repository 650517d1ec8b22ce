// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/kernel_image.h"

#include <fmt/format.h>

#include <variant>
#include <vector>

namespace kexec {
namespace {

// COMMAND_LINE_SIZE of x86 and arm64 without the final zero (arch/*/include/uapi/asm/setup.h), and of riscv.
constexpr uint64_t kLinuxCommandLine = 2047;
constexpr uint64_t kRiscvCommandLine = 1023;
// Neither Multiboot nor PVH nor ELF boot notes has a limit; this one is ours.
constexpr uint64_t kOtherCommandLine = 65535;

uint64_t LimitOf(const BzImage& image) { return image.command_line_max; }
uint64_t LimitOf(const DirectLinux& image) { return image.packed.command_line_max; }
uint64_t LimitOf(const ElfKernel& image) { return image.is_linux ? kLinuxCommandLine : kOtherCommandLine; }
uint64_t LimitOf(const MultibootKernel&) { return kOtherCommandLine; }
uint64_t LimitOf(const ImageKernel&) { return kLinuxCommandLine; }

uint64_t Extent(const std::vector<LoadPiece>& pieces) {
  if (pieces.empty()) return 0;
  const LoadPiece& last = pieces.back();
  return last.address.raw() - pieces.front().address.raw() + last.memory_size;
}

uint64_t BytesOf(const BzImage& image) { return image.init_size; }
uint64_t BytesOf(const DirectLinux& image) { return Extent(image.unpacked.pieces); }
uint64_t BytesOf(const ElfKernel& image) { return Extent(image.pieces); }
uint64_t BytesOf(const MultibootKernel& image) { return Extent(image.pieces); }
uint64_t BytesOf(const ImageKernel& image) { return image.image_size; }

std::string_view RealModeOnly(const KernelImage& kernel) {
  const auto* image = std::get_if<BzImage>(&kernel.image);
  return image == nullptr ? std::string_view() : image->real_mode_only;
}

}  // namespace

uint64_t CommandLineLimit(const KernelImage& kernel) {
  if (kernel.machine == "riscv64") return kRiscvCommandLine;
  return std::visit([](const auto& image) { return LimitOf(image); }, kernel.image);
}

bool EntersInRealMode(const KernelImage& kernel, bool asked) {
  return asked || !RealModeOnly(kernel).empty();
}

std::string WhyRealMode(const KernelImage& kernel) {
  const std::string_view only = RealModeOnly(kernel);
  if (only.empty()) return "--real-mode was given";
  return fmt::format("only real-mode code can start this kernel: {}", only);
}

uint64_t RunBytes(const KernelImage& kernel) {
  return std::visit([](const auto& image) { return BytesOf(image); }, kernel.image);
}

}  // namespace kexec
