// SPDX-License-Identifier: LGPL-2.1-or-later
// What is where in physical memory, and where it came from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class MemoryType {
  kRam,
  kReserved,
  kAcpiTables,  // reclaimable
  kAcpiNvs,
  kUnusable,
  kPersistent,        // PMEM, e820 type 7
  kPersistentLegacy,  // PRAM, e820 type 12
  kSoftReserved,      // special-purpose memory (EFI_MEMORY_SP), e820 type 0xefffffff
};
std::string_view MemoryTypeName(MemoryType type);

struct MemoryRegion {
  PhysRange range;
  MemoryType type;
  auto operator<=>(const MemoryRegion&) const = default;
};

// Accepts: regions in any order, overlapping in any way, any number of them.
// Guarantees: regions() is sorted, disjoint and merged; where inputs overlap, what is not RAM wins over RAM,
// and among other types the one named later in MemoryType wins. Look-ups are O(log n).
class MemoryMap {
 public:
  MemoryMap() = default;
  static MemoryMap FromRegions(std::vector<MemoryRegion> regions);

  std::span<const MemoryRegion> regions() const { return regions_; }
  // RAM only: sorted, disjoint, adjacent pieces merged.
  std::span<const PhysRange> ram() const { return ram_; }
  uint64_t ram_bytes() const { return ram_bytes_; }
  // True if every byte of `range` is RAM, across any number of neighbouring entries.
  bool IsRam(const PhysRange& range) const;
  // The first piece of `range` that is not RAM: for messages.
  std::optional<PhysRange> FirstNonRam(const PhysRange& range) const;
  // The entry at `addr`, or null for a hole.
  const MemoryRegion* Find(PhysAddr addr) const;

 private:
  std::vector<MemoryRegion> regions_;
  std::vector<PhysRange> ram_;
  uint64_t ram_bytes_ = 0;
};

// One line of /proc/iomem.
struct IomemEntry {
  int depth;  // 0 for a top-level line; two blanks a level
  PhysRange range;
  std::string name;
};

struct IomemReport {
  std::vector<IomemEntry> entries;
  MemoryMap map;                         // of the lines whose names mean memory, at any depth
  std::vector<PhysRange> crash_regions;  // "Crash kernel", ascending; x86 can have a low and a high one
};

// Pure. A line that is neither empty nor "first-last : name" is an error with its number; so is a map whose
// addresses are all zero (the kernel hides them from a reader without CAP_SYS_ADMIN), and a file without RAM.
Result<IomemReport> ParseIomem(std::string_view text);
// The machine's: in Xen's first domain, whose own is about the memory it was lent, what Xen tells
// (xen_kexec.h).
Result<IomemReport> ReadIomem(const SystemRoot& root);

// /sys/firmware/memmap: the map the firmware gave to the first kernel, entry by entry (start, end, type).
// Unknown types count as reserved, with a warning.
Result<MemoryMap> ReadFirmwareMemmap(const SystemRoot& root, Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
