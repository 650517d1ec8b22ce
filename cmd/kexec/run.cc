// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/run.h"

#include "cmd/kexec/capture.h"
#include "cmd/kexec/estimate.h"
#include "cmd/kexec/execute.h"
#include "cmd/kexec/exit_status.h"
#include "cmd/kexec/help.h"
#include "cmd/kexec/jump_back.h"
#include "cmd/kexec/list_boot_entries.h"
#include "cmd/kexec/list_types.h"
#include "cmd/kexec/load.h"
#include "cmd/kexec/status.h"
#include "cmd/kexec/unload.h"
#include "loaders/decompress.h"

namespace kexec {
namespace {

Result<> Do(const Session& session) {
  switch (session.options.mode) {
    case Mode::kHelp:
      session.out += HelpText();
      return {};
    case Mode::kVersion:
      session.out += VersionText();
      session.out += fmt::format("unpacks {}\n", CompressionSupport());
      return {};
    case Mode::kPrintCrashSize:
      return PrintCrashSize(session);
    case Mode::kEstimateCrash:
      return EstimateCrashkernel(session);
    case Mode::kListTypes:
      session.out += TypesText();
      return {};
    case Mode::kListEntries:
      PrintBootEntries(session);
      return {};
    case Mode::kCapture:
      return CaptureMachine(*session.options.capture, session);
    case Mode::kUnload:
      return UnloadKernel(session);
    case Mode::kExecute:
      return ExecuteLoaded(session);
    case Mode::kLoad:
      return LoadKernel(session);
    case Mode::kLoadAndExecute:
      KEXEC_TRY(LoadKernel(session));
      return ExecuteNow(session);
    case Mode::kLoadAndShutdown:
      KEXEC_TRY(LoadKernel(session));
      return ShutDownIntoLoaded(session);
    case Mode::kJumpBack:
      return LoadJumpBack(session);
    case Mode::kStatus:
      break;  // its answer is a status: RunMode
  }
  return {};
}

}  // namespace

Result<int> RunMode(const Session& session) {
  for (const std::string& warning : session.options.warnings) session.diagnostics.Warning(warning);
  if (session.options.mode == Mode::kStatus) return ReportStatus(session);
  const Result<> done = Do(session);
  const Result<> same = session.files.Unchanged();
  if (!same.has_value()) session.out.clear();  // an answer out of a file that changed is none
  // Before `done`: where a file changed, that is why something else failed. Loading has asked by itself.
  if (!LoadsKernel(session.options.mode)) KEXEC_TRY(same);
  KEXEC_TRY(done);
  return kExitOk;
}

}  // namespace kexec
