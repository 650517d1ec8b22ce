// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/load.h"

#include <cerrno>

#include "cmd/kexec/choose_call.h"
#include "cmd/kexec/crash_fit.h"
#include "cmd/kexec/crash_reservation.h"
#include "cmd/kexec/dry_run.h"
#include "cmd/kexec/file_load.h"
#include "cmd/kexec/load_request.h"
#include "cmd/kexec/segment_load.h"
#include "cmd/kexec/xen_door.h"
#include "kexec/submit.h"
#include "kexec/xen_domain.h"

namespace kexec {
namespace {

Result<> LoadBy(KexecCall call, const LoadRequest& request, const Session& session) {
  return call == KexecCall::kLoad ? LoadBySegments(request, session) : LoadByFile(request, session);
}

// Whether the other call might do what `call` failed at.
bool OtherMayHelp(KexecCall call, const Error& error) {
  if (call == KexecCall::kFileLoad) {
    return error.code() == Errc::kSyscall && FallbackMayHelp(error.sys_errno());
  }
  // A plan that could not be made, and a call that is not there or that IMA's policy forbids.
  return error.code() != Errc::kSyscall || error.sys_errno() == ENOSYS || error.sys_errno() == EACCES;
}

Result<> LoadChosen(const LoadRequest& request, const CallChoice& choice, const Session& session) {
  Result<> loaded = LoadBy(choice.first, request, session);
  if (loaded.has_value() || !OtherMayHelp(choice.first, loaded.error())) return loaded;
  KEXEC_TRY(session.files.Unchanged());
  const KexecCall other = OtherCall(choice.first);
  if (!choice.kept.empty()) {
    const Error& error = loaded.error();
    return std::unexpected(Error(error.code(), error.sys_errno(),
                                 fmt::format("{}; {} is not tried: it would lose {}; use -c to lose it",
                                             error.message(), CallName(other), choice.kept)));
  }
  if (!choice.may_fall_back) return loaded;
  session.diagnostics.Warn("{}; falling back to {}", loaded.error().message(), CallName(other));
  return LoadBy(other, request, session);
}

// Matters where signatures or measurements decide; elsewhere it is for -d.
void TellWhatIsSigned(const LoadRequest& request, bool locked_down, const Session& session) {
  std::string text;
  if (request.embedding) {
    text =
        "the kernel inside the unified kernel image is handed over, in a file in memory: a signature or IMA "
        "label of the image itself does not count, one of the kernel inside does";
  } else if (request.packing) {
    text = fmt::format(
        "the kernel is handed over unpacked, in a file in memory: a signature or IMA label "
        "of the {} file itself does not count, one inside the unpacked kernel does",
        request.packing->format);
  } else {
    return;
  }
  if (locked_down) {
    session.diagnostics.Warning(std::move(text));
  } else {
    session.diagnostics.Debug(std::move(text));
  }
}

void TellWhatIsLost(const CallChoice& choice, const LoadFacts& facts, Diagnostics& diagnostics) {
  if (choice.first == KexecCall::kLoad && facts.has_dm_crypt_keys) {
    diagnostics.Warn(
        "the dm-crypt keys configured for the crash kernel are not handed over: "
        "kexec_load cannot; leave out -c");
  }
  if (!choice.lost.empty()) {
    diagnostics.Warn("the next kernel does not get {}: kexec_load loses it; leave out -c to hand it over",
                     choice.lost);
  }
}

Result<> Load(const Session& session) {
  KEXEC_TRY(CheckDomain(session.options, session.root));
  std::optional<CrashReservation> reservation;
  if (session.options.slot == LoadKind::kCrash) {
    KEXEC_ASSIGN(reservation, RequireCrashMemory(session.root));
  }
  KEXEC_ASSIGN(const LoadRequest request, ReadLoadRequest(session));
  if (session.options.slot == LoadKind::kCrash) KEXEC_TRY(CheckCrashFit(request, reservation, session));
  const LoadFacts facts = GatherFacts(request, session.options, session.root);
  KEXEC_ASSIGN(const CallChoice choice, XenLoads(session.root) ? XenCall() : ChooseCall(facts));
  session.diagnostics.Note("call: {} ({})", DescribeCall(choice), choice.reason);
  TellWhatIsLost(choice, facts, session.diagnostics);
  if (choice.first == KexecCall::kFileLoad) TellWhatIsSigned(request, !facts.lockdown.empty(), session);
  for (const std::string& option : choice.ignored) {
    session.diagnostics.Warn("option '{}' is ignored: {}", option, choice.reason);
  }
  if (session.options.dry_run) return ShowPlan(request, choice, session);
  Result<> loaded = LoadChosen(request, choice, session);
  if (loaded.has_value() || session.options.slot != LoadKind::kCrash) return loaded;
  return std::unexpected(WithCrashAdvice(std::move(loaded).error(), request, session.root));
}

// A file that changed is why anything else failed, the kernel's own reading (EFAULT) included. What was
// loaded from it all the same would end at the jump: it is unloaded again.
Result<> LoadFromOneState(const Session& session) {
  const Result<> loaded = Load(session);
  const Result<> same = session.files.Unchanged();
  if (same.has_value()) return loaded;
  const std::string& changed = same.error().message();
  if (!loaded.has_value() &&
      loaded.error().code() == Errc::kSyscall) {  // as the kernel refused, but why is known
    return std::unexpected(Error(Errc::kSyscall, loaded.error().sys_errno(), changed));
  }
  if (!loaded.has_value() || session.options.dry_run) return same;
  const Result<> unloaded = Unload(session.options.slot, session.kernel, session.root, 0);
  if (unloaded.has_value()) return Fail(Errc::kIo, "{}; what was loaded from it is unloaded again", changed);
  return Fail(Errc::kIo, "{}; what was loaded from it is damaged and cannot be unloaded ({}): load again",
              changed, unloaded.error().message());
}

// `error`, and what it left behind: a refused crash load has already dropped the kernel loaded before.
Error WithWhatIsLoaded(Error error, const Session& session) {
  const Result<bool> loaded = IsLoaded(session.options.slot, session.root);
  if (!loaded.has_value()) return error;
  const std::string_view state = *loaded ? "the kernel loaded before is still in place" : "nothing is loaded";
  // Where the kernel was not asked and holds nothing, there is nothing to say.
  if (!*loaded && error.code() != Errc::kSyscall) return error;
  return Error(error.code(), error.sys_errno(), fmt::format("{}; {}", error.message(), state));
}

}  // namespace

Result<> LoadKernel(const Session& session) {
  Result<> loaded = LoadFromOneState(session);
  if (loaded.has_value()) return loaded;
  // A dry run ends in the words of the load where the kernel would refuse.
  if (session.options.dry_run && loaded.error().code() != Errc::kSyscall) return loaded;
  return std::unexpected(WithWhatIsLoaded(std::move(loaded).error(), session));
}

}  // namespace kexec
