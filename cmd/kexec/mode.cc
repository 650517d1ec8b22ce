// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/mode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kexec {
namespace {

using enum OptionId;

std::string Spelled(OptionId id) { return fmt::format("--{}", RowOf(id).name); }

// Everything that names a mode of its own. kLoad and kLoadPanic also choose the slot for --status and
// --unload.
constexpr std::array kModeOptions = {kStatus,
                                     kPrintCkrSize,
                                     kEstimateCrashkernel,
                                     kListBootEntries,
                                     kCapture,
                                     kUnload,
                                     kExec,
                                     kExecLiveUpdate,
                                     kForce,
                                     kLoad,
                                     kLoadPanic,
                                     kPreserveContext,
                                     kLoadLiveUpdate,
                                     kJumpBackHelper};

// `winner` takes it all: the other modes do nothing, and say so. The slot options are part of the question.
void WarnOfLosers(const GivenOptions& given, OptionId winner, std::vector<std::string>& warnings) {
  for (const OptionId id : kModeOptions) {
    if (id == winner || id == kLoad || id == kLoadPanic || !given.Has(id)) continue;
    warnings.push_back(fmt::format("option '{}' is ignored next to '{}'", Spelled(id), Spelled(winner)));
  }
}

Result<Mode> ResolveCapture(const GivenOptions& given) {
  for (const OptionId id : kModeOptions) {
    if (id == kCapture || !given.Has(id)) continue;
    return Fail(Errc::kUsage, "options '--capture' and '{}' contradict each other: --capture only records",
                Spelled(id));
  }
  return Mode::kCapture;
}

// -e next to options that load. kexec-tools lets the last one win; here the order never matters, and as one
// of the two readings leaves this system for a kernel nobody chose, neither is taken. -f with -e is harmless:
// both execute.
Result<Mode> ResolveExecute(const GivenOptions& given, OptionId exec, bool has_kernel) {
  for (const OptionId id : {kLoad, kLoadPanic, kPreserveContext, kLoadLiveUpdate, kJumpBackHelper}) {
    if (!given.Has(id)) continue;
    return Fail(
        Errc::kUsage,
        "options '{}' and '{}' contradict each other: load first and execute then, or use --force for both",
        Spelled(id), Spelled(exec));
  }
  return given.Has(kForce) && has_kernel ? Mode::kLoadAndExecute : Mode::kExecute;
}

Result<Mode> ResolveForce(const GivenOptions& given) {
  for (const OptionId id : {kLoadPanic, kPreserveContext, kLoadLiveUpdate, kJumpBackHelper}) {
    if (!given.Has(id)) continue;
    return Fail(Errc::kUsage, "options '{}' and '--force' contradict each other: --force executes at once",
                Spelled(id));
  }
  return Mode::kLoadAndExecute;
}

Result<Mode> ResolveLoad(const GivenOptions& given, bool has_kernel) {
  if (given.Has(kForce)) return ResolveForce(given);
  if (given.Has(kJumpBackHelper)) return Mode::kJumpBack;
  if (given.Has(kPreserveContext) && given.Has(kLoadPanic)) {
    return Fail(Errc::kUsage,
                "options '{}' and '{}' contradict each other: a kernel that panicked is not returned to",
                Spelled(kPreserveContext), Spelled(kLoadPanic));
  }
  for (const OptionId id : {kLoad, kLoadPanic, kPreserveContext, kLoadLiveUpdate}) {
    if (given.Has(id)) return Mode::kLoad;
  }
  if (!has_kernel) return Fail(Errc::kUsage, "no kernel specified, and nothing else to do");
  return Mode::kLoadAndShutdown;
}

}  // namespace

Result<Mode> ResolveMode(const GivenOptions& given, const std::vector<std::string>& operands,
                         std::vector<std::string>& warnings) {
  if (given.Last(kType) == "help") return Mode::kListTypes;
  if (given.Has(kCapture)) return ResolveCapture(given);
  for (const auto& [id, mode] : {std::pair{kStatus, Mode::kStatus},
                                 {kPrintCkrSize, Mode::kPrintCrashSize},
                                 {kEstimateCrashkernel, Mode::kEstimateCrash},
                                 {kListBootEntries, Mode::kListEntries},
                                 {kUnload, Mode::kUnload}}) {
    if (!given.Has(id)) continue;
    WarnOfLosers(given, id, warnings);
    return mode;
  }
  const bool has_kernel = !operands.empty() || given.Has(kBootEntry);
  for (const OptionId id : {kExec, kExecLiveUpdate}) {
    if (given.Has(id)) return ResolveExecute(given, id, has_kernel);
  }
  KEXEC_ASSIGN(const Mode mode, ResolveLoad(given, has_kernel));
  if (LoadsKernel(mode) && !has_kernel) {
    return Fail(Errc::kUsage, "no kernel specified: '{}' needs the file to load", ModeOption(mode));
  }
  return mode;
}

std::string ModeOption(Mode mode) {
  switch (mode) {
    case Mode::kHelp:
      return Spelled(kHelp);
    case Mode::kVersion:
      return Spelled(kVersion);
    case Mode::kStatus:
      return Spelled(kStatus);
    case Mode::kPrintCrashSize:
      return Spelled(kPrintCkrSize);
    case Mode::kEstimateCrash:
      return Spelled(kEstimateCrashkernel);
    case Mode::kListTypes:
      return "--type=help";
    case Mode::kListEntries:
      return Spelled(kListBootEntries);
    case Mode::kCapture:
      return Spelled(kCapture);
    case Mode::kUnload:
      return Spelled(kUnload);
    case Mode::kExecute:
      return Spelled(kExec);
    case Mode::kJumpBack:
      return Spelled(kJumpBackHelper);
    case Mode::kLoad:
      return Spelled(kLoad);
    case Mode::kLoadAndExecute:
      return Spelled(kForce);
    case Mode::kLoadAndShutdown:
      return {};
  }
  return {};
}

}  // namespace kexec
