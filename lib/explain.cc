// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/explain.h"

#include <cerrno>

#include "explain_causes.h"
#include "kexec/error.h"
#include "kexec/xen_domain.h"

namespace kexec {
namespace {

std::string_view NameOf(const CallFacts& facts) {
  switch (facts.call) {
    case KexecCall::kLoad:
      return facts.unload ? "kexec_load (unload)" : "kexec_load";
    case KexecCall::kFileLoad:
      return facts.unload ? "kexec_file_load (unload)" : "kexec_file_load";
    case KexecCall::kReboot:
      return "reboot";
  }
  return "kexec";
}

std::string WhyBusy(const CallFacts& facts, const SystemRoot& root) {
  // Only arm and arm64 answer so (machine_kexec_prepare in arch/arm64/kernel/machine_kexec.c).
  const std::string machine = root.MachineName().value_or("");
  const bool may_be_stuck = machine == "aarch64" || machine.starts_with("arm");
  if (may_be_stuck && facts.call != KexecCall::kReboot && !facts.unload) {
    return "another kexec call is in progress, or the CPUs of this machine cannot be parked (dmesg: 'CPUs "
           "are stuck in the kernel'); try again, else update the firmware";
  }
  return "another kexec load, unload or reboot is in progress; wait for it and try again";
}

// Causes that need no looking.
std::string_view WhyOther(int sys_errno) {
  switch (sys_errno) {
    case ENOEXEC:
      return "the running kernel knows no image format that fits the file; use kexec -c";
    case EOPNOTSUPP:
      return "the running kernel's own loader cannot load this image; use kexec -c";
    case EFBIG:
      return "a file is larger than the kernel reads (4 GiB, or half of the memory); use a smaller initrd, "
             "or kexec -c";
    case ETXTBSY:
      return "a file is open for writing; wait until that is finished and try again";
    case EFAULT:
      return "the kernel could not read the image: a file shrank while it was loaded; try again";
    case EBADF:
      return "a file is not open for reading; give regular files";
    case EIO:
      return "a file could not be read from its device; see the kernel log (dmesg)";
    case EOVERFLOW:
      return "a size in the image does not fit the kernel's numbers; check that the file is intact";
    case ENOENT:
      return "the kernel misses something it needs for this, such as its purgatory or a key; see the kernel "
             "log (dmesg)";
    case EINTR:
      return "a signal interrupted the call; try again";
    case E2BIG:
      return "the command line is longer than the kernel takes; shorten it";
    case ENODEV:
      return "the machine's firmware does not support this; see the kernel log (dmesg)";
    default:
      return "no known cause; see the kernel log (dmesg)";
  }
}

std::string CauseOf(const CallFacts& facts, int sys_errno, const SystemRoot& root) {
  switch (sys_errno) {
    case EPERM:
      return WhyNotPermitted(facts, root);
    case EACCES:
      return WhyNoAccess(facts, root);
    case ENOSYS:
      return facts.call == KexecCall::kReboot ? std::string(WhyOther(0)) : WhyNoSuchCall(facts, root);
    case EBUSY:
      return WhyBusy(facts, root);
    case ENOMEM:
      return WhyNoMemory(facts, root);
    case EADDRNOTAVAIL:
      return WhyNoAddress(facts, root);
    case EINVAL:
      return WhyInvalid(facts, root);
    default:
      return WhySignature(sys_errno, root).value_or(std::string(WhyOther(sys_errno)));
  }
}

}  // namespace

std::string Explain(const CallFacts& facts, int sys_errno, const SystemRoot& root) {
  if (XenLoads(root)) return ExplainXen(facts, sys_errno);
  return ExplainBy(facts, sys_errno, CauseOf(facts, sys_errno, root));
}

std::string ExplainBy(const CallFacts& facts, int sys_errno, std::string_view cause) {
  return fmt::format("{}: {}: {}", NameOf(facts), ErrnoText(sys_errno), cause);
}

}  // namespace kexec
