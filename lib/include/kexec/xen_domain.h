// SPDX-License-Identifier: LGPL-2.1-or-later
// What this system is to Xen. In the first domain the machine's memory, the loaded kernels and the jump are
// Xen's: everything goes by hypercall there, and a plain system call does harm (a paravirtual kernel's
// machine_kexec_prepare writes to page tables that Xen holds, oopses, and leaves the kexec lock taken).
#pragma once

#include "kexec/export.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class XenDomain {
  kNone,        // no Xen, or one that does not show
  kPvFirst,     // dom0, a paravirtual guest
  kPvhFirst,    // dom0 in hardware's address spaces
  kPvGuest,     // paravirtual, not the first: its kernel cannot start another, and no hypercall may
  kOtherGuest,  // PVH or HVM: a machine like any other
};

// By /proc/xen/capabilities ("control_d" in the first domain; xenfs need not be mounted),
// /sys/hypervisor/type, /sys/hypervisor/guest_type (since Linux 4.13) and
// /sys/hypervisor/properties/features.
XenDomain ReadXenDomain(const SystemRoot& root);

// Whether kexec is Xen's business here: in the first domain, of either kind.
bool XenLoads(const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
