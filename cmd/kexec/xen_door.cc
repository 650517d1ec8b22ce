// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/xen_door.h"

#include <utility>

#include "cmd/kexec/no_syscalls.h"
#include "kexec/xen_domain.h"
#include "kexec/xen_kexec.h"

namespace kexec {
namespace {

bool NeedsDoor(Mode mode) {
  return LoadsKernel(mode) || mode == Mode::kJumpBack || mode == Mode::kUnload || mode == Mode::kExecute;
}

}  // namespace

Result<> CheckDomain(const Options& options, const SystemRoot& root) {
  const XenDomain domain = ReadXenDomain(root);
  if (domain == XenDomain::kPvGuest) {
    return Fail(
        Errc::kUnsupported,
        "this is a paravirtual guest of Xen, where no kernel can start another; restart the guest with "
        "the other kernel, or make it a PVH or HVM guest");
  }
  if (options.rare.live_update && !XenLoads(root)) {
    return Fail(Errc::kUnsupported,
                "a live update replaces a running Xen, and this is not Xen's first domain");
  }
  return {};
}

Result<std::unique_ptr<Syscalls>> OpenDoor(const Options& options, const SystemRoot& root) {
  if (options.dry_run || !NeedsDoor(options.mode)) return std::make_unique<NoSyscalls>();
  switch (ReadXenDomain(root)) {
    case XenDomain::kPvGuest:
      return std::make_unique<NoSyscalls>();
    case XenDomain::kPvFirst:
    case XenDomain::kPvhFirst: {
      KEXEC_ASSIGN(std::unique_ptr<Privcmd> privcmd, OpenPrivcmd());
      return XenSyscalls(std::move(privcmd),
                         options.rare.live_update ? XenImage::kLiveUpdate : XenImage::kDefault);
    }
    case XenDomain::kNone:
    case XenDomain::kOtherGuest:
      break;
  }
  return LinuxSyscalls();
}

CallChoice XenCall() {
  return {KexecCall::kLoad, false, "this is Xen's first domain: the call is Xen's, not its kernel's", {}};
}

}  // namespace kexec
