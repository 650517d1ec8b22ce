// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/unsupported.h"

#include <array>

namespace kexec {
namespace {

struct Row {
  bool asked;
  std::string_view option;
  std::string_view instead;  // what to do
};

}  // namespace

Result<> CheckSupported(const Options& options) {
  const RareOptions& rare = options.rare;
  const std::array rows = {
      Row{options.mode == Mode::kJumpBack, "--load-jump-back-helper", "it needs kexec-tools"},
      Row{rare.preserve_context, "--load-preserve-context", "load without it and run kexec -e"},
      Row{rare.live_update, "live update of Xen", "it needs kexec-tools with Xen's libraries"},
      Row{rare.reuse_initrd, "--reuseinitrd", "name the file with --initrd=FILE"},
      Row{rare.real_mode, "--real-mode", "leave it out to use the kernel's 64-bit or 32-bit entry"},
  };
  for (const Row& row : rows) {
    if (row.asked) return Fail(Errc::kUnsupported, "{} is not supported yet: {}", row.option, row.instead);
  }
  return {};
}

}  // namespace kexec
