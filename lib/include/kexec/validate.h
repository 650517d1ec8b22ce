// SPDX-License-Identifier: LGPL-2.1-or-later
// Only a proof can be submitted: Validate states every rule of the kernel's own check and those the kernel
// leaves to us, and its answer is the only thing Submit takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/plan.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// KEXEC_SEGMENT_MAX, include/uapi/linux/kexec.h.
inline constexpr size_t kMaxSegments = 16;

// What a machine allows.
struct ImageLimits {
  Alignment page = Alignment::Of<4096>();
  size_t max_segments = kMaxSegments;
  PhysRange destination;  // up to KEXEC_DESTINATION_MEMORY_LIMIT: a segment's end is below destination.end()
  const MemoryMap* memory;  // segments must lie in its RAM; borrowed, outlives the call
  // Pages of RAM the running kernel manages; neither a segment nor all together may need more than half
  // (sanity_check_segment_list in kernel/kexec_core.c). 0: unknown, rule not applied.
  uint64_t total_ram_pages = 0;
  std::vector<PhysRange>
      crash_regions;  // for kCrash: each segment lies in one (the kernel takes crashk_res only)
};

// A segment before it has contents.
struct Reservation {
  std::string label;
  PageRange dest;
};

// The rule about half of RAM alone (kDoesNotFit): Place asks it too, so that files too big to load are
// refused before they are read. `total_ram_pages` 0: no rule.
Result<> CheckHalfOfRam(const std::vector<Reservation>& segments, Alignment page, uint64_t total_ram_pages);

// A LoadPlan that keeps every rule. Only Validate makes one.
class ValidatedImage {
 public:
  const LoadPlan& plan() const { return plan_; }

 private:
  friend Result<ValidatedImage> Validate(LoadPlan, const ImageLimits&);
  explicit ValidatedImage(LoadPlan plan) : plan_(std::move(plan)) {}
  LoadPlan plan_;
};

// Fails with kInvalidImage (kNoCrashRegion for a crash plan without regions, kDoesNotFit for half-of-RAM),
// naming the segments, their addresses and the rule.
Result<ValidatedImage> Validate(LoadPlan plan, const ImageLimits& limits);

}  // namespace kexec
KEXEC_PUBLIC_END
