// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/vmcore/extent_map.h"

#include <limits>

namespace kexec {
namespace {
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
}  // namespace

void ExtentMap::Paint(uint64_t begin, uint64_t size, uint64_t position) {
  if (size == 0 || size - 1 > kMax - begin || size - 1 > kMax - position) return;
  const uint64_t last = begin + (size - 1);
  auto next = extents_.upper_bound(begin);
  if (next != extents_.begin()) {
    const auto before = std::prev(next);
    const Extent old = before->second;
    if (old.last > last)
      extents_.emplace(last + 1, Extent{old.last, old.position + (last + 1 - before->first)});
    if (old.last >= begin) {
      if (before->first == begin) {
        extents_.erase(before);
      } else {
        before->second.last = begin - 1;
      }
    }
    next = extents_.upper_bound(begin);
  }
  while (next != extents_.end() && next->first <= last) {
    const auto [first, old] = *next;
    next = extents_.erase(next);
    if (old.last > last) {
      extents_.emplace(last + 1, Extent{old.last, old.position + (last + 1 - first)});
      break;
    }
  }
  extents_.emplace(begin, Extent{last, position});
}

std::optional<ExtentMap::Hit> ExtentMap::Find(uint64_t address) const {
  auto found = extents_.upper_bound(address);
  if (found == extents_.begin()) return std::nullopt;
  --found;
  const auto& [first, extent] = *found;
  if (address > extent.last) return std::nullopt;
  const uint64_t behind = extent.last - address;
  return Hit{extent.position + (address - first), behind == kMax ? kMax : behind + 1};
}

uint64_t ExtentMap::HoleAt(uint64_t address) const {
  const auto next = extents_.upper_bound(address);
  return next == extents_.end() ? kMax : next->first - address;
}

uint64_t ExtentMap::End() const {
  if (extents_.empty()) return 0;
  const uint64_t last = extents_.rbegin()->second.last;
  return last == kMax ? kMax : last + 1;
}

}  // namespace kexec
