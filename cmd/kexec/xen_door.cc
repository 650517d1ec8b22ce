// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/xen_door.h"

#include "cmd/kexec/no_syscalls.h"
#include "kexec/xen_domain.h"

namespace kexec {

Result<> CheckDomain(const SystemRoot& root) {
  if (XenLoads(root)) {
    return Fail(
        Errc::kUnsupported,
        "this is Xen's first domain, where kexec goes through Xen: not supported yet; use kexec-tools "
        "built with Xen's libraries");
  }
  if (ReadXenDomain(root) != XenDomain::kPvGuest) return {};
  return Fail(Errc::kUnsupported,
              "this is a paravirtual guest of Xen, where no kernel can start another; restart the guest with "
              "the other kernel, or make it a PVH or HVM guest");
}

Result<std::unique_ptr<Syscalls>> OpenDoor(const Options& options, const SystemRoot& root) {
  if (options.dry_run) return std::make_unique<NoSyscalls>();
  switch (ReadXenDomain(root)) {
    case XenDomain::kPvFirst:
    case XenDomain::kPvhFirst:
    case XenDomain::kPvGuest:
      return std::make_unique<NoSyscalls>();
    case XenDomain::kNone:
    case XenDomain::kOtherGuest:
      break;
  }
  return LinuxSyscalls();
}

}  // namespace kexec
