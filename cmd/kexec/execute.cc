// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/execute.h"

#include <cerrno>

#include "cmd/kexec/xen_door.h"
#include "kexec/explain.h"
#include "kexec/submit.h"
#include "kexec/xen_domain.h"

namespace kexec {
namespace {

void TellExecution(const Session& session) {
  if (session.options.json) return;  // the plan is the whole answer
  session.out += fmt::format("would {}{}execute the loaded kernel\n",
                             session.options.no_sync ? "" : "write back file systems, ",
                             session.options.no_ifdown ? "" : "take the network interfaces down, ");
}

// Whether a kernel is there to start, as far as that is known; fails where none is. Of a live update Xen does
// not tell, and of a kernel that was loaded over another by kexec-tools it may say that there is none
// (xen_kexec.h).
Result<bool> CheckLoaded(bool allowed, const Session& session) {
  if (session.options.rare.live_update) return true;
  const Result<bool> loaded = IsLoaded(LoadKind::kNormal, session.root);
  if (loaded.has_value() && !*loaded && !XenLoads(session.root)) {
    return Fail(Errc::kUsage, "Nothing has been loaded!{}",
                allowed ? "" : " (loading and executing need CAP_SYS_BOOT: run as root)");
  }
  if (!loaded.has_value()) {
    session.diagnostics.Warn("whether a kernel is loaded is unknown: {}", loaded.error().message());
  }
  return loaded.value_or(true);
}

Result<> Leave(bool take_interfaces_down, const Session& session) {
  if (session.options.dry_run) {
    TellExecution(session);
    return {};
  }
  if (!session.options.no_sync) session.kernel.Sync();
  std::vector<std::string> down;
  if (take_interfaces_down && !session.options.no_ifdown) {
    auto taken_down = session.host.BringInterfacesDown(session.diagnostics);
    if (!taken_down.has_value()) session.diagnostics.Warning(taken_down.error().message());
    if (taken_down.has_value()) down = *std::move(taken_down);
  }
  if (session.options.rare.live_update) return ExecuteLiveUpdate(session.kernel, session.root);
  KEXEC_TRY(Execute(session.kernel, session.root));
  // Only a kernel that was loaded with --load-preserve-context comes back here.
  if (!down.empty()) {
    session.diagnostics.Warn(
        "network interfaces that were taken down for the other kernel are still down: {}",
        fmt::join(down, ", "));
  }
  return {};
}

}  // namespace

Result<> ExecuteLoaded(const Session& session) {
  KEXEC_TRY(CheckDomain(session.options, session.root));
  const bool allowed = !LacksCapSysBoot(session.root);
  KEXEC_ASSIGN(const bool loaded, CheckLoaded(allowed, session));
  // Asked first, so that an attempt in vain leaves the network as it is.
  if (!allowed && !session.options.dry_run) {
    return FailErrno(Errc::kSyscall, EPERM,
                     "cannot execute the loaded kernel without CAP_SYS_BOOT (run as root)");
  }
  return Leave(loaded, session);
}

Result<> ExecuteNow(const Session& session) { return Leave(true, session); }

Result<> ShutDownIntoLoaded(const Session& session) {
  if (session.options.dry_run) {
    if (!session.options.json) session.out += "would run shutdown -r now\n";
    return {};
  }
  return std::unexpected(session.host.RunShutdown());
}

}  // namespace kexec
