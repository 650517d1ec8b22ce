// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/planned_machine.h"

#include <string>

#include "cmd/kexec/argv.h"
#include "kexec/system_root.h"

namespace kexec {
namespace {

std::optional<std::string> RootIn(std::span<const std::string_view> words) {
  const Result<CanonicalWords> canonical = CanonicaliseWords(words);
  if (!canonical.has_value()) return std::nullopt;
  std::optional<std::string> root;
  for (const CanonicalOption& option : canonical->options) {
    if (option.row->id == OptionId::kRoot) root = option.value;
  }
  return root;
}

}  // namespace

std::optional<Architecture> ArchitectureNamed(std::string_view machine) {
  if (machine == "x86_64") return Architecture::kX86;
  if (machine == "aarch64") return Architecture::kArm64;
  if (machine == "riscv64") return Architecture::kRiscv;
  return std::nullopt;
}

Architecture PlannedArchitecture(std::span<const std::string_view> words) {
  const std::optional<std::string> directory = RootIn(words);
  if (!directory) return kThisArchitecture;
  const Result<SystemRoot> root = SystemRoot::Open(*directory);
  if (!root.has_value()) return kThisArchitecture;
  const Result<std::string> name = root->MachineName();
  return name.has_value() ? ArchitectureNamed(*name).value_or(kThisArchitecture) : kThisArchitecture;
}

}  // namespace kexec
