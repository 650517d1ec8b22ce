// SPDX-License-Identifier: GPL-2.0-or-later
// The memory reserved for a crash kernel, as far as this process may see it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kexec/error.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

namespace kexec {

// Where /proc/iomem hides its addresses, `regions` is empty and the sizes are those that sysfs tells.
struct CrashReservation {
  std::vector<PhysRange> regions;  // ascending; the kernel loads into the last one only
  std::vector<PhysRange> cma;      // crashkernel=SIZE,cma: the crash kernel may use it once it runs
  uint64_t region_bytes = 0;       // of the region loaded into; 0: nothing is reserved
  uint64_t low_bytes = 0;          // of the other regions: crashkernel=SIZE,low, which ,high brings along
  uint64_t cma_bytes = 0;
  uint64_t dumped_ranges = 1;  // pieces of memory a dump has headers for; 1 where that is hidden

  // What a crash kernel finds when it runs.
  uint64_t total_bytes() const;
};

// From /proc/iomem and the CMA ranges, or where that is hidden from /sys/kernel/kexec_crash_size.
Result<CrashReservation> ReadCrashReservation(const SystemRoot& root);

// kNoCrashRegion with the remedy, if nothing is reserved. An unknown size passes as nullopt: the kernel knows
// better.
Result<std::optional<CrashReservation>> RequireCrashMemory(const SystemRoot& root);

}  // namespace kexec
