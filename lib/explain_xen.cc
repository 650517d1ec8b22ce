// SPDX-License-Identifier: LGPL-2.1-or-later
// What Xen's errnos mean (xen/common/kexec.c, xen/common/kimage.c).
#include <cerrno>

#include "explain_causes.h"
#include "kexec/error.h"
#include "kexec/xen_kexec.h"

namespace kexec {
namespace {

std::string_view NameOf(const CallFacts& facts) {
  if (facts.call == KexecCall::kReboot) return "Xen's kexec";
  return facts.unload ? "Xen's kexec_unload" : "Xen's kexec_load";
}

std::string WhyRefused(const CallFacts& facts) {
  if (facts.call == KexecCall::kReboot || facts.unload) {
    return "this Xen knows no such image; a live update needs a Xen that is built for it";
  }
  return fmt::format(
      "Xen takes at most {} segments that do not overlap, and a live update only where it is built for it; "
      "see its log (xl dmesg)",
      kXenMaxSegments);
}

}  // namespace

std::string ExplainXen(const CallFacts& facts, int sys_errno) {
  std::string why;
  switch (sys_errno) {
    case EPERM:
    case EACCES:
      why = "Xen allows it to its first domain only, where its security modules (XSM) do not forbid it";
      break;
    case ENOSYS:
    case EOPNOTSUPP:
      why = "this Xen is built without kexec (CONFIG_KEXEC), or older than 4.4";
      break;
    case ENOENT:
      why = "no kernel is loaded in Xen; load one first (kexec -l)";
      break;
    case EBUSY:
      why = "another kexec is in progress in Xen; wait for it and try again";
      break;
    case ENOMEM:
      why = fmt::format(
          "Xen needs memory of its own for a copy of the image's {} bytes, and this domain for another while "
          "it "
          "loads; leave Xen more (dom0_mem= on its command line, or xl mem-set 0), or use a smaller initrd",
          facts.bytes);
      break;
    case EADDRNOTAVAIL:
      why = "a segment lies outside the memory that Xen reserved with crashkernel= on its command line";
      break;
    case EINVAL:
      why = WhyRefused(facts);
      break;
    default:
      why = "no known cause; see Xen's log (xl dmesg)";
  }
  return fmt::format("{}: {}: {}", NameOf(facts), ErrnoText(sys_errno), why);
}

}  // namespace kexec
