// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/crash_memory.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

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

// Where one range begins or ends; `wanted` and `excluded` are what it adds to the count of each there.
struct Border {
  PhysAddr at;
  int wanted;
  int excluded;
};

void AddBorders(std::vector<Border>& borders, const PhysRange& range, bool wanted) {
  borders.push_back({range.begin(), wanted ? 1 : 0, wanted ? 0 : 1});
  borders.push_back({range.end(), wanted ? -1 : 0, wanted ? 0 : -1});
}

// The places wanted by at least one range and excluded by none: ascending, disjoint, merged. One sweep.
std::vector<PhysRange> Sweep(std::vector<Border> borders) {
  std::ranges::sort(borders, {}, &Border::at);
  std::vector<PhysRange> out;
  int64_t wanted = 0;
  int64_t excluded = 0;
  PhysAddr begin;
  for (size_t i = 0; i < borders.size();) {
    const bool was_in = wanted > 0 && excluded == 0;
    const PhysAddr at = borders[i].at;
    for (; i < borders.size() && borders[i].at == at; ++i) {
      wanted += borders[i].wanted;
      excluded += borders[i].excluded;
    }
    const bool is_in = wanted > 0 && excluded == 0;
    if (!was_in && is_in) begin = at;
    if (was_in && !is_in) out.push_back(*PhysRange::FromBounds(begin, at));
  }
  return out;
}

std::vector<PhysRange> Merged(const std::vector<PhysRange>& ranges) {
  std::vector<Border> borders;
  borders.reserve(ranges.size() * 2);
  for (const PhysRange& range : ranges) AddBorders(borders, range, true);
  return Sweep(std::move(borders));
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
  std::vector<Border> borders;
  borders.reserve(2 * (iomem.entries.size() + memory.regions.size() + memory.cma.size()));
  for (const IomemEntry& entry : iomem.entries) {
    if (entry.name.starts_with(kRam)) AddBorders(borders, entry.range, true);
    if (entry.name == kGart) AddBorders(borders, entry.range, false);
  }
  for (const PhysRange& region : memory.regions) AddBorders(borders, region, false);
  for (const PhysRange& range : memory.cma) AddBorders(borders, range, false);
  memory.dumped = Sweep(std::move(borders));
  return memory;
}

Result<CrashMemory> ReadCrashMemory(const SystemRoot& root) {
  KEXEC_ASSIGN(const IomemReport iomem, ReadIomem(root));
  KEXEC_ASSIGN(const std::vector<PhysRange> cma, ReadCmaRanges(root));
  return MakeCrashMemory(iomem, cma);
}

}  // namespace kexec
