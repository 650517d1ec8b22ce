// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of a GICv3 interrupt controller that stays in use after the jump.
//
// A redistributor reads its LPI property table and writes to its pending table, and once LPIs are enabled not
// every implementation can disable them again (Arm IHI 0069, GICR_CTLR.EnableLPIs). A kernel that starts with
// LPIs enabled asks whether the property table's memory is reserved, and if it is, uses the tables on and
// fills them anew (enabled_lpis_allowed and allocate_lpi_tables, drivers/irqchip/irq-gic-v3-its.c). EFI
// machines hand a list of these tables on; on others its own image and its initrd are what it finds reserved
// there: if they lie over the tables, it overwrites 64 KiB of itself. So nothing is placed there, and the
// next kernel's tree reserves them, which makes using them on right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kexec/diagnostics.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Pure. The tables the kernel's log names: `log` as ReadKernelLog gives it. By ascending address, without
// overlap.
std::vector<PhysRange> LpiTablesFromLog(std::string_view log);

// Pure. The records that name them, for a recorded machine; empty: there are none.
std::string LpiRecords(std::string_view log);

// Those of the machine. Warns where message-signalled interrupts are in use and the log no longer tells the
// tables; on EFI machines the kernel knows them anyway.
std::vector<PhysRange> ReadLpiTables(const SystemRoot& root, Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
