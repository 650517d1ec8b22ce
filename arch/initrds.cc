// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/initrds.h"

#include <string>
#include <utility>

namespace kexec {

Result<std::vector<PageRange>> PlaceInitrds(const std::vector<SharedBytes>& initrds, const PhysRange& window,
                                            Search search, Alignment page, Layout& layout) {
  std::vector<PageRange> placed;
  uint64_t total = 0;
  for (size_t i = 0; i < initrds.size(); ++i) {
    if (initrds[i].empty()) return Fail(Errc::kMalformed, "initrd {} of {} is empty", i + 1, initrds.size());
    const auto size = page.Up(initrds[i].size());
    if (!size || __builtin_add_overflow(total, *size, &total)) {
      return Fail(Errc::kDoesNotFit, "the initrds together exceed the address space");
    }
  }
  if (total == 0) return placed;
  KEXEC_ASSIGN(
      const PageRange all,
      layout.Reserve({.label = "initrd", .size = total, .align = page, .window = window, .search = search}));
  PhysAddr next = all.begin();
  for (const SharedBytes& initrd : initrds) {
    placed.push_back(*PageRange::Enclosing(*PhysRange::FromSize(next, initrd.size()), page));
    next = placed.back().end();
  }
  return placed;
}

std::vector<Segment> InitrdSegments(const std::vector<SharedBytes>& initrds,
                                    const std::vector<PageRange>& placed) {
  std::vector<Segment> segments;
  for (size_t i = 0; i < placed.size(); ++i) {
    std::string label = i == 0 ? "initrd" : fmt::format("initrd {}", i + 1);
    segments.push_back({std::move(label), placed[i], initrds[i]});
  }
  return segments;
}

PhysRange InitrdExtent(const std::vector<SharedBytes>& initrds, const std::vector<PageRange>& placed) {
  const PhysAddr end(placed.back().begin().raw() + initrds.back().size());
  return *PhysRange::FromBounds(placed.front().begin(), end);
}

}  // namespace kexec
