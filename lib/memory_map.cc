// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/memory_map.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace kexec {
namespace {

constexpr size_t kTypes = static_cast<size_t>(MemoryType::kSoftReserved) + 1;

// A border of one input region: there, one region of `type` begins or ends.
struct Border {
  PhysAddr at;
  size_t type;
  bool begins;
};

// Both borders of every region, by address.
std::vector<Border> SortedBorders(const std::vector<MemoryRegion>& regions) {
  std::vector<Border> borders;
  borders.reserve(regions.size() * 2);
  for (const MemoryRegion& region : regions) {
    const auto type = static_cast<size_t>(region.type);
    borders.push_back({region.range.begin(), type, true});
    borders.push_back({region.range.end(), type, false});
  }
  std::ranges::sort(borders, {}, &Border::at);
  return borders;
}

// How many regions of each type cover the place where the sweep stands.
class Cover {
 public:
  void Cross(const Border& border) {
    if (border.begins) {
      ++count_[border.type];
    } else {
      --count_[border.type];
    }
  }
  // The type that wins here: the highest one, RAM being the lowest.
  std::optional<MemoryType> Winner() const {
    for (size_t type = kTypes; type-- > 0;) {
      if (count_[type] != 0) return static_cast<MemoryType>(type);
    }
    return std::nullopt;
  }

 private:
  std::array<size_t, kTypes> count_{};
};

void AppendMerged(std::vector<MemoryRegion>& out, const MemoryRegion& next) {
  if (!out.empty() && out.back().type == next.type && out.back().range.end() == next.range.begin()) {
    out.back().range = *PhysRange::FromBounds(out.back().range.begin(), next.range.end());
  } else {
    out.push_back(next);
  }
}

// The first of `ranges` (sorted, disjoint) that ends above `addr`.
template <class Ranges, class Projection>
auto FirstEndingAbove(const Ranges& ranges, PhysAddr addr, Projection end_of) {
  return std::ranges::upper_bound(ranges, addr, {}, end_of);
}

}  // namespace

std::string_view MemoryTypeName(MemoryType type) {
  switch (type) {
    case MemoryType::kRam:
      return "RAM";
    case MemoryType::kReserved:
      return "reserved";
    case MemoryType::kAcpiTables:
      return "ACPI tables";
    case MemoryType::kAcpiNvs:
      return "ACPI non-volatile storage";
    case MemoryType::kUnusable:
      return "unusable";
    case MemoryType::kPersistent:
      return "persistent memory";
    case MemoryType::kPersistentLegacy:
      return "persistent memory (legacy)";
    case MemoryType::kSoftReserved:
      return "soft reserved";
  }
  return "unknown";
}

MemoryMap MemoryMap::FromRegions(std::vector<MemoryRegion> regions) {
  MemoryMap map;
  Cover cover;
  std::optional<PhysAddr> previous;
  for (const Border& border : SortedBorders(regions)) {
    const auto winner = cover.Winner();
    if (previous && winner) {
      if (const auto piece = PhysRange::FromBounds(*previous, border.at)) {
        AppendMerged(map.regions_, {*piece, *winner});
      }
    }
    cover.Cross(border);
    previous = border.at;
  }
  for (const MemoryRegion& region : map.regions_) {
    if (region.type != MemoryType::kRam) continue;
    map.ram_.push_back(region.range);
    map.ram_bytes_ += region.range.size();  // disjoint pieces of a 64-bit space: cannot overflow
  }
  return map;
}

bool MemoryMap::IsRam(const PhysRange& range) const {
  const auto piece = FirstEndingAbove(ram_, range.begin(), &PhysRange::end);
  return piece != ram_.end() && piece->Contains(range);
}

std::optional<PhysRange> MemoryMap::FirstNonRam(const PhysRange& range) const {
  auto piece = FirstEndingAbove(ram_, range.begin(), &PhysRange::end);
  PhysAddr begin = range.begin();
  if (piece != ram_.end() && piece->Contains(begin)) {
    begin = piece->end();
    ++piece;
  }
  const PhysAddr end = piece == ram_.end() ? range.end() : std::min(range.end(), piece->begin());
  return PhysRange::FromBounds(begin, end);
}

const MemoryRegion* MemoryMap::Find(PhysAddr addr) const {
  const auto region =
      FirstEndingAbove(regions_, addr, [](const MemoryRegion& entry) { return entry.range.end(); });
  return region != regions_.end() && region->range.Contains(addr) ? &*region : nullptr;
}

}  // namespace kexec
