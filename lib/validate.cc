// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's rules are those of sanity_check_segment_list and kimage_alloc_init (kernel/kexec_core.c,
// kernel/kexec.c); a PageRange cannot wrap or be empty, so that rule has no code here.
#include "kexec/validate.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kexec {
namespace {

std::string Name(const Segment& segment) {
  return fmt::format("segment '{}' at {}", segment.label, ToString(segment.dest.range()));
}

Result<> CheckCount(const LoadPlan& plan, const ImageLimits& limits) {
  if (plan.segments.empty()) {
    return Fail(Errc::kInvalidImage,
                "the plan has no segments: the kernel takes that as a request to unload");
  }
  if (plan.segments.size() > limits.max_segments) {
    return Fail(Errc::kInvalidImage,
                "the plan has {} segments, the kernel takes at most {}; use fewer initrd files",
                plan.segments.size(), limits.max_segments);
  }
  return {};
}

Result<> CheckPlace(const Segment& segment, const ImageLimits& limits) {
  const PhysRange& dest = segment.dest.range();
  if (!limits.page.Divides(dest.begin().raw()) || !limits.page.Divides(dest.end().raw())) {
    return Fail(Errc::kInvalidImage, "{} does not begin and end at multiples of the page size {:#x}",
                Name(segment), limits.page.bytes());
  }
  // The kernel refuses an end that equals its limit, too.
  if (dest.begin() < limits.destination.begin() || dest.end() >= limits.destination.end()) {
    return Fail(Errc::kInvalidImage, "{} is not inside {}, the memory this machine can load to",
                Name(segment), ToString(limits.destination));
  }
  return {};
}

Result<> CheckContents(const Segment& segment) {
  if (segment.contents.size() > segment.dest.size()) {
    return Fail(Errc::kInvalidImage, "{} holds {:#x} bytes, but has room for {:#x}", Name(segment),
                segment.contents.size(), segment.dest.size());
  }
  return {};
}

Result<> CheckOverlaps(const std::vector<Segment>& segments) {
  for (size_t later = 1; later < segments.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier) {
      if (segments[later].dest.range().Overlaps(segments[earlier].dest.range())) {
        return Fail(Errc::kInvalidImage, "{} overlaps {}", Name(segments[later]), Name(segments[earlier]));
      }
    }
  }
  return {};
}

std::vector<Reservation> Reservations(const std::vector<Segment>& segments) {
  std::vector<Reservation> reservations;
  for (const Segment& segment : segments) reservations.push_back({segment.label, segment.dest});
  return reservations;
}

std::string JoinRanges(const std::vector<PhysRange>& ranges) {
  std::string text;
  for (const PhysRange& range : ranges) text += (text.empty() ? "" : " or ") + ToString(range);
  return text;
}

Result<> CheckCrashBounds(const LoadPlan& plan, const ImageLimits& limits) {
  if (plan.kind != LoadKind::kCrash) return {};
  if (limits.crash_regions.empty()) {
    return Fail(Errc::kNoCrashRegion,
                "no memory is reserved for a crash kernel; reserve some with crashkernel= on the kernel "
                "command line");
  }
  for (const Segment& segment : plan.segments) {
    const bool inside = std::ranges::any_of(
        limits.crash_regions, [&](const PhysRange& region) { return region.Contains(segment.dest.range()); });
    if (!inside) {
      return Fail(Errc::kInvalidImage, "{} is outside the memory reserved for the crash kernel, {}",
                  Name(segment), JoinRanges(limits.crash_regions));
    }
  }
  return {};
}

Result<> CheckRam(const Segment& segment, const MemoryMap& memory) {
  const auto bad = memory.FirstNonRam(segment.dest.range());
  if (!bad) return {};
  const MemoryRegion* region = memory.Find(bad->begin());
  if (region == nullptr) {
    return Fail(Errc::kInvalidImage, "{} covers {}, where there is no memory", Name(segment), ToString(*bad));
  }
  return Fail(Errc::kInvalidImage, "{} covers {}, which is not RAM but {}", Name(segment),
              ToString(*bad->Intersect(region->range)), MemoryTypeName(region->type));
}

Result<> CheckEntry(const LoadPlan& plan) {
  for (const Segment& segment : plan.segments) {
    if (!segment.dest.range().Contains(plan.entry)) continue;
    if (plan.entry.raw() - segment.dest.begin().raw() < segment.contents.size()) return {};
    return Fail(Errc::kInvalidImage,
                "the entry point {:#x} is in the zero fill of {}, behind its {:#x} bytes", plan.entry.raw(),
                Name(segment), segment.contents.size());
  }
  return Fail(Errc::kInvalidImage, "the entry point {:#x} is in none of the {} segments", plan.entry.raw(),
              plan.segments.size());
}

}  // namespace

Result<> CheckHalfOfRam(const std::vector<Reservation>& segments, Alignment page, uint64_t total_ram_pages) {
  if (total_ram_pages == 0) return {};
  const uint64_t allowed = total_ram_pages / 2;
  uint64_t total = 0;
  for (const Reservation& segment : segments) {
    const uint64_t pages = segment.dest.size() / page.bytes();
    if (pages > allowed) {
      return Fail(Errc::kDoesNotFit,
                  "segment '{}' at {} needs {} pages, the kernel takes at most {}, half of its {} pages of "
                  "RAM; use a smaller file",
                  segment.label, ToString(segment.dest.range()), pages, allowed, total_ram_pages);
    }
    total += pages;  // disjoint ranges: no overflow
  }
  if (total > allowed) {
    return Fail(
        Errc::kDoesNotFit,
        "all segments together need {} pages, the kernel takes at most {}, half of its {} pages of RAM; "
        "use smaller files",
        total, allowed, total_ram_pages);
  }
  return {};
}

Result<ValidatedImage> Validate(LoadPlan plan, const ImageLimits& limits) {
  assert(limits.memory != nullptr);
  KEXEC_TRY(CheckCount(plan, limits));
  for (const Segment& segment : plan.segments) {
    KEXEC_TRY(CheckPlace(segment, limits));
    KEXEC_TRY(CheckContents(segment));
  }
  KEXEC_TRY(CheckOverlaps(plan.segments));
  KEXEC_TRY(CheckHalfOfRam(Reservations(plan.segments), limits.page, limits.total_ram_pages));
  KEXEC_TRY(CheckCrashBounds(plan, limits));
  for (const Segment& segment : plan.segments) KEXEC_TRY(CheckRam(segment, *limits.memory));
  KEXEC_TRY(CheckEntry(plan));
  return ValidatedImage(std::move(plan));
}

}  // namespace kexec
