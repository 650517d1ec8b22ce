// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/unsupported.h"

#include <array>

namespace kexec {
namespace {

struct Row {
  bool asked;
  std::string_view option;
  std::string_view verdict;  // and what to do
};

}  // namespace

Result<> CheckSupported(const Options& options) {
  const RareOptions& rare = options.rare;
  const std::array rows = {
      Row{options.mode == Mode::kJumpBack, "--load-jump-back-helper", "is not supported yet: it needs kexec-tools"},
      Row{rare.preserve_context, "--load-preserve-context", "is not supported yet: load without it and run kexec -e"},
  };
  for (const Row& row : rows) {
    if (row.asked) return Fail(Errc::kUnsupported, "{} {}", row.option, row.verdict);
  }
  return {};
}

}  // namespace kexec
