// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/page_source.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tests/support/physical_memory.h"

namespace kexec::testing {

constexpr uint64_t kPage = PhysicalMemory::kPage;

PageSource::PageSource(std::vector<PhysRange> ram, std::vector<PhysRange> wanted, PageOrder order,
                       uint64_t seed)
    : ram_(std::move(ram)), order_(order) {
  for (const PhysRange& range : ram_) pages_ += range.size() / kPage;
  if (order == PageOrder::kRandom && pages_ > 1) {
    start_ = seed % pages_;
    stride_ = 1 + seed % (pages_ - 1);
    while (std::gcd(stride_, pages_) != 1) ++stride_;  // then every page comes once
  }
  if (order != PageOrder::kDestinationFirst) return;
  for (const PhysRange& range : wanted) {
    for (uint64_t at = range.begin().raw(); at < range.end().raw(); at += kPage) wanted_.push_back(at);
  }
  if (!wanted_.empty()) {
    const auto shift = static_cast<ptrdiff_t>(1 + seed % wanted_.size());
    std::rotate(wanted_.begin(), wanted_.begin() + shift % static_cast<ptrdiff_t>(wanted_.size()),
                wanted_.end());
  }
}

std::optional<uint64_t> PageSource::Next() {
  if (const auto wanted = NextWanted()) return wanted;
  while (next_ < pages_) {
    const uint64_t step = next_++;
    uint64_t index = step;
    if (order_ == PageOrder::kDescending) index = pages_ - 1 - step;
    if (order_ == PageOrder::kRandom) {
      index = static_cast<uint64_t>((static_cast<__uint128_t>(step) * stride_ + start_) % pages_);
    }
    const uint64_t page = PageAt(index);
    if (!handed_out_.contains(page)) return page;
  }
  return std::nullopt;
}

std::optional<uint64_t> PageSource::NextWanted() {
  if (next_wanted_ == wanted_.size()) return std::nullopt;
  const uint64_t page = wanted_[next_wanted_++];
  handed_out_.insert(page);
  return page;
}

uint64_t PageSource::PageAt(uint64_t index) const {
  for (const PhysRange& range : ram_) {
    const uint64_t pages = range.size() / kPage;
    if (index < pages) return range.begin().raw() + index * kPage;
    index -= pages;
  }
  return 0;  // not reached: index < pages_
}

}  // namespace kexec::testing
