// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/xen_domain.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

// What the files of a machine say; "": there is no such file.
struct Row {
  std::string_view name;
  std::string_view capabilities, type, guest_type, features;
  XenDomain domain;
};

// Features as Xen 4.17 shows them to dom0 and to guests.
constexpr std::array kRows = {
    Row{"no hypervisor", "", "", "", "", XenDomain::kNone},
    Row{"another hypervisor", "", "kvm\n", "", "", XenDomain::kNone},
    Row{"dom0", "control_d\n", "xen\n", "PV\n", "00002f75\n", XenDomain::kPvFirst},
    Row{"dom0 without xenfs", "", "xen\n", "PV\n", "00002f75\n", XenDomain::kPvFirst},
    Row{"dom0 without sysfs", "control_d\n", "", "", "", XenDomain::kPvhFirst},
    Row{"dom0 of a kernel before guest_type", "", "xen\n", "", "00000c71\n", XenDomain::kPvFirst},
    Row{"PVH dom0", "control_d\n", "xen\n", "PVH\n", "00002fd5\n", XenDomain::kPvhFirst},
    Row{"PVH dom0 without xenfs", "", "xen\n", "PVH\n", "00002fd5\n", XenDomain::kPvhFirst},
    Row{"PV guest", "\n", "xen\n", "PV\n", "00002671\n", XenDomain::kPvGuest},
    Row{"PV guest of a kernel before guest_type", "", "xen\n", "", "00000671\n", XenDomain::kPvGuest},
    Row{"PVH guest", "\n", "xen\n", "PVH\n", "00002705\n", XenDomain::kOtherGuest},
    Row{"HVM guest", "", "xen\n", "HVM\n", "00002705\n", XenDomain::kOtherGuest},
    Row{"HVM guest of a kernel before guest_type", "", "xen\n", "", "00000705\n", XenDomain::kOtherGuest},
};

TEST(XenDomain, IsWhatTheKernelsFilesSay) {
  for (const Row& row : kRows) {
    ScratchRoot scratch;
    if (!row.capabilities.empty()) scratch.File("proc/xen/capabilities", row.capabilities);
    if (!row.type.empty()) scratch.File("sys/hypervisor/type", row.type);
    if (!row.guest_type.empty()) scratch.File("sys/hypervisor/guest_type", row.guest_type);
    if (!row.features.empty()) scratch.File("sys/hypervisor/properties/features", row.features);
    const SystemRoot root = scratch.root();
    EXPECT_EQ(ReadXenDomain(root), row.domain) << row.name;
    const bool first = row.domain == XenDomain::kPvFirst || row.domain == XenDomain::kPvhFirst;
    EXPECT_EQ(XenLoads(root), first) << row.name;
  }
}

}  // namespace
}  // namespace kexec::testing
