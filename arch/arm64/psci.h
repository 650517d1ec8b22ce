// SPDX-License-Identifier: LGPL-2.1-or-later
// How this machine's firmware is called to reset it (Arm DEN 0022, Power State Coordination Interface).
#pragma once

#include "kexec/bytes.h"
#include "kexec/export.h"
#include "kexec/system_root.h"
#include "loaders/dtb/device_tree.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class PsciConduit { kNone, kHvc, kSmc };

// Pure. "method" of the node /psci (Documentation/devicetree/bindings/arm/psci.yaml).
PsciConduit ConduitOfTree(const DeviceTree& tree);

// Pure. The Arm boot flags of ACPI's FADT (ACPI specification 6.5, 5.2.9.4).
PsciConduit ConduitOfFadt(Bytes fadt);

// The same of the machine's /sys/firmware/acpi/tables/FACP; kNone without ACPI.
PsciConduit ReadAcpiConduit(const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
