// SPDX-License-Identifier: GPL-2.0-or-later
// The running kernel's page allocator, as unkind as asked: it decides which free page the image gets next.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "kexec/phys.h"

namespace kexec::testing {

enum class PageOrder {
  kAscending,
  kDescending,
  kRandom,            // each page once, in an order that depends on the seed
  kDestinationFirst,  // first all pages the image itself wants, rotated so that few land on their own place
};

class PageSource {
 public:
  // `ram`: page aligned, disjoint. `wanted`: the destinations of the image being loaded.
  PageSource(std::vector<PhysRange> ram, std::vector<PhysRange> wanted, PageOrder order, uint64_t seed);
  // The address of a page never handed out before, or nullopt when memory is exhausted.
  std::optional<uint64_t> Next();

 private:
  std::optional<uint64_t> NextWanted();
  uint64_t PageAt(uint64_t index) const;

  std::vector<PhysRange> ram_;
  std::vector<uint64_t> wanted_;
  size_t next_wanted_ = 0;
  PageOrder order_;
  uint64_t pages_ = 0;
  uint64_t next_ = 0;
  uint64_t start_ = 0;
  uint64_t stride_ = 1;
  std::set<uint64_t> handed_out_;
};

}  // namespace kexec::testing
