// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/file_load.h"

#include <fmt/format.h>

#include <variant>

namespace kexec {
namespace {

// bzImage64_load keeps room for "elfcorehdr=0x..." on every load, crash or not, and counts the final zero
// (MAX_ELFCOREHDR_STR_LEN, arch/x86/kernel/kexec-bzimage64.c).
constexpr uint64_t kKeptOfCommandLine = 30 + 1;

std::string NotTaken(const KernelImage& image) {
  return fmt::format("kexec_file_load takes no '{}' image", image.type);
}

std::string ImageObstacle(const KernelImage& image, const ImageKernel& kernel) {
  if (image.type == "vmlinux") return NotTaken(image);
  if (!kernel.image_size_told) return "kexec_file_load needs an Image whose header tells its size";
  return {};
}

}  // namespace

std::string FileLoadObstacle(const KernelImage& image, uint64_t command_line_bytes) {
  if (const auto* board = std::get_if<ImageKernel>(&image.image)) return ImageObstacle(image, *board);
  const auto* direct = std::get_if<DirectLinux>(&image.image);
  const auto* kernel = direct != nullptr ? &direct->packed : std::get_if<BzImage>(&image.image);
  if (kernel == nullptr) return NotTaken(image);
  if (!kernel->real_mode_only.empty()) return "kexec_file_load enters no kernel in real mode";
  if (kernel->protocol < 0x020c) {
    return fmt::format("kexec_file_load needs boot protocol 2.12, this kernel has {}.{:02}",
                       kernel->protocol >> 8, kernel->protocol & 0xff);
  }
  if (!kernel->has_64bit_entry) return "kexec_file_load needs a kernel with a 64-bit entry";
  if (!kernel->can_load_above_4g) return "kexec_file_load needs a kernel that can be loaded above 4 GiB";
  const uint64_t limit =
      kernel->command_line_max < kKeptOfCommandLine ? 0 : kernel->command_line_max - kKeptOfCommandLine;
  if (command_line_bytes > limit) {
    return fmt::format("kexec_file_load takes {} bytes of command line, this one has {}", limit,
                       command_line_bytes);
  }
  return {};
}

bool FileLoadKnowsFormat(const KernelImage& image) {
  return std::holds_alternative<ImageKernel>(image.image) ||
         std::holds_alternative<DirectLinux>(image.image) || std::holds_alternative<BzImage>(image.image);
}

}  // namespace kexec
