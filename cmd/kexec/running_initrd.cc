// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/running_initrd.h"

#include <array>
#include <string>

#include "cmd/kexec/boot_files.h"
#include "cmd/kexec/command_line.h"

namespace kexec {

Result<std::filesystem::path> RunningInitrd(const SystemRoot& root) {
  constexpr const char* kShown = "sys/firmware/initrd";
  // init/initramfs.c and Documentation/admin-guide/kernel-parameters.txt.
  constexpr std::array<std::string_view, 1> kRetain = {"retain_initrd"};
  if (auto file = BootFiles(root).Find(kShown, ""); file.has_value()) return file;
  const Result<std::string> line = root.ReadLine("proc/cmdline");
  if (!line.has_value()) {
    return Fail(
        Errc::kUnsupported,
        "'{}' is missing, and whether the running kernel was started with 'retain_initrd' does not show: "
        "{}; name the file with --initrd=FILE",
        (root.path() / kShown).string(), line.error().message());
  }
  if (RemoveParameters(*line, kRetain) == *line) {
    return Fail(
        Errc::kUnsupported,
        "the running kernel was started without 'retain_initrd' and has not kept its initrd; name the "
        "file with --initrd=FILE");
  }
  return Fail(Errc::kUnsupported,
              "'{}' is missing: kernels since 6.8 show there the initrd they were started with, if there was "
              "one; name the file with --initrd=FILE",
              (root.path() / kShown).string());
}

}  // namespace kexec
