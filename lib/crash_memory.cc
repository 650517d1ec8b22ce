// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/crash_memory.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "kexec/xen_domain.h"
#include "text.h"

namespace kexec {
namespace {

// Names of /proc/iomem: "System RAM", and with a driver behind it "System RAM (virtio_mem)", "System RAM
// (kmem)" (drivers/virtio/virtio_mem.c, drivers/dax/kmem.c; mm/memory_hotplug.c insists on the prefix).
constexpr std::string_view kRam = "System RAM";
// The aperture AMD's IOMMU takes out of RAM (arch/x86/kernel/aperture_64.c): reading it may hang the machine.
constexpr std::string_view kGart = "GART";

// kernel/ksysfs.c: once in a folder of its own, before that beside the others.
constexpr std::string_view kCmaPaths[] = {"sys/kernel/kexec/crash_cma_ranges",
                                          "sys/kernel/kexec_crash_cma_ranges"};

// Ascending and disjoint, touching ranges united. /proc/iomem is sorted as a rule, and then nothing is.
std::vector<PhysRange> Merged(std::vector<PhysRange> ranges) {
  if (!std::ranges::is_sorted(ranges)) std::ranges::sort(ranges);
  size_t used = 0;  // ranges[0, used) is the answer so far
  for (const PhysRange& range : ranges) {
    if (used != 0 && range.begin() <= ranges[used - 1].end()) {
      const PhysRange& last = ranges[used - 1];
      ranges[used - 1] = *PhysRange::FromBounds(last.begin(), std::max(last.end(), range.end()));
    } else {
      ranges[used++] = range;
    }
  }
  ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(used), ranges.end());
  return ranges;
}

// What of `ranges` is in none of `holes`; both ascending and disjoint. One sweep over both.
std::vector<PhysRange> Without(const std::vector<PhysRange>& ranges, const std::vector<PhysRange>& holes) {
  std::vector<PhysRange> out;
  out.reserve(ranges.size() + holes.size());
  auto hole = holes.begin();
  for (const PhysRange& range : ranges) {
    while (hole != holes.end() && hole->end() <= range.begin()) ++hole;
    PhysAddr begin = range.begin();
    for (auto next = hole; next != holes.end() && next->begin() < range.end(); ++next) {
      if (const auto piece = PhysRange::FromBounds(begin, next->begin())) out.push_back(*piece);
      begin = next->end();
      hole = next;  // it may reach into the next range as well
    }
    if (const auto piece = PhysRange::FromBounds(begin, range.end())) out.push_back(*piece);
  }
  return out;
}

// Overlapping ranges become one; touching ones stay apart.
std::vector<PhysRange> WithoutOverlaps(std::vector<PhysRange> ranges) {
  std::ranges::sort(ranges);
  std::vector<PhysRange> out;
  for (const PhysRange& range : ranges) {
    if (!out.empty() && range.begin() < out.back().end()) {
      out.back() = *PhysRange::FromBounds(out.back().begin(), std::max(out.back().end(), range.end()));
    } else {
      out.push_back(range);
    }
  }
  return out;
}

std::optional<PhysRange> InclusiveRange(std::string_view line) {
  const size_t dash = line.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = WholeNumber<uint64_t>(line.substr(0, dash), 16);
  const auto last = WholeNumber<uint64_t>(line.substr(dash + 1), 16);
  if (!first || !last) return std::nullopt;
  return PhysRange::FromInclusive(PhysAddr(*first), PhysAddr(*last));
}

}  // namespace

Result<std::vector<PhysRange>> ParseCmaRanges(std::string_view text) {
  constexpr size_t kShownLength = 80;
  std::vector<PhysRange> ranges;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) continue;
    const auto range = InclusiveRange(line);
    if (!range) {
      return Fail(Errc::kMalformed, "line {} is not 'first-last' in hexadecimal: '{}'", number,
                  line.substr(0, kShownLength));
    }
    ranges.push_back(*range);
  }
  return ranges;
}

Result<std::vector<PhysRange>> ReadCmaRanges(const SystemRoot& root) {
  if (XenLoads(root))
    return std::vector<PhysRange>{};  // what this kernel lends is no crash kernel's of Xen's
  for (const std::string_view path : kCmaPaths) {
    const auto text = root.ReadText(path);
    if (!text && text.error().sys_errno() == ENOENT) continue;
    if (!text) return std::unexpected(text.error());
    KEXEC_ASSIGN(std::vector<PhysRange> ranges, ParseCmaRanges(*text),
                 fmt::format("'{}'", (root.path() / path).string()));
    return ranges;
  }
  return std::vector<PhysRange>{};
}

CrashMemory MakeCrashMemory(const IomemReport& iomem, const std::vector<PhysRange>& cma) {
  CrashMemory memory{.regions = WithoutOverlaps(iomem.crash_regions), .cma = Merged(cma), .dumped = {}};
  std::vector<PhysRange> ram;
  std::vector<PhysRange> holes = memory.regions;
  holes.insert(holes.end(), memory.cma.begin(), memory.cma.end());
  ram.reserve(iomem.entries.size());
  for (const IomemEntry& entry : iomem.entries) {
    if (entry.name.starts_with(kRam)) ram.push_back(entry.range);
    if (entry.name == kGart) holes.push_back(entry.range);
  }
  memory.dumped = Without(Merged(std::move(ram)), Merged(std::move(holes)));
  return memory;
}

Result<CrashMemory> ReadCrashMemory(const SystemRoot& root) {
  KEXEC_ASSIGN(const IomemReport iomem, ReadIomem(root));
  KEXEC_ASSIGN(const std::vector<PhysRange> cma, ReadCmaRanges(root));
  return MakeCrashMemory(iomem, cma);
}

}  // namespace kexec
