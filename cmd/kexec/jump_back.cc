// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/jump_back.h"

#include <optional>
#include <string_view>
#include <utility>

#include "arch/machine.h"
#include "cmd/kexec/command_line.h"
#include "cmd/kexec/given.h"
#include "kexec/submit.h"
#include "kexec/validate.h"

namespace kexec {
namespace {

// What purgatory wrote into the command line (arch/x86_64/preserved_layout.cc).
constexpr std::string_view kEntryName = "kexec_jump_back_entry";
constexpr std::string_view kTablesName = "kexec_jump_back_cr3";

// nullopt: /proc/cmdline has no such word.
Result<std::optional<PhysAddr>> Told(std::string_view name, const SystemRoot& root) {
  const auto line = root.ReadLine("proc/cmdline");
  const auto value = line ? LastValue(*line, name) : std::nullopt;
  if (!value) return std::nullopt;
  const auto address = ParseCNumber(*value);
  if (address && *address != 0) return PhysAddr(*address);
  return Fail(Errc::kMalformed, "'{}={}' in /proc/cmdline is no address; give one with --entry", name,
              *value);
}

// The page tables belong to the address in the command line: another one may be that of another kernel.
Result<JumpBack> WhereTo(const Options& options, const SystemRoot& root) {
  const auto window = PhysRange::FromInclusive(options.mem_min, options.mem_max);
  Result<std::optional<PhysAddr>> told = Told(kEntryName, root);
  if (options.entry && (!told.has_value() || *told != options.entry)) {
    return JumpBack{.entry = *options.entry, .tables = std::nullopt, .window = *window};
  }
  KEXEC_TRY(told);
  if (!*told) {
    return Fail(Errc::kUsage,
                "where to jump back to is not known: /proc/cmdline has no {}=, so this kernel was not loaded "
                "with --load-preserve-context; give the address with --entry",
                kEntryName);
  }
  KEXEC_ASSIGN(const auto tables, Told(kTablesName, root));
  return JumpBack{.entry = **told, .tables = tables, .window = *window};
}

Result<> CheckNothingIsLoaded(const Session& session) {
  const Result<bool> loaded = IsLoaded(LoadKind::kNormal, session.root);
  if (!loaded.has_value() || !*loaded) return {};
  return Fail(
      Errc::kUsage,
      "a kernel is loaded already: run kexec -e to jump to it, in either direction as often as you like, "
      "or kexec -u to drop it");
}

}  // namespace

Result<> LoadJumpBack(const Session& session) {
  KEXEC_TRY(CheckNothingIsLoaded(session));
  KEXEC_ASSIGN(const auto machine, ReadMachine(session.root, LoadKind::kNormal, session.diagnostics));
  KEXEC_ASSIGN(const JumpBack back, WhereTo(session.options, session.root));
  KEXEC_ASSIGN(LoadPlan plan, machine->PlanJumpBack(back));
  KEXEC_ASSIGN(const ValidatedImage image, Validate(std::move(plan), machine->limits()));
  if (session.options.dry_run) {
    const std::string tables =
        back.tables ? fmt::format(", with the page tables at {:#x}", back.tables->raw()) : "";
    session.out += fmt::format("would load what jumps back to {:#x}{}\n", back.entry.raw(), tables);
    return {};
  }
  return Submit(image, session.kernel, session.root, machine->arch_flag());
}

}  // namespace kexec
