// SPDX-License-Identifier: GPL-2.0-or-later
// A normal image while it is being loaded: source pages, and the list that says where each goes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "kexec/syscalls.h"
#include "tests/support/page_source.h"
#include "tests/support/physical_memory.h"

namespace kexec::testing {

// Bits of an entry of the page list, include/linux/kexec.h.
inline constexpr uint64_t kIndDestination = 1;
inline constexpr uint64_t kIndIndirection = 2;
inline constexpr uint64_t kIndDone = 4;
inline constexpr uint64_t kIndSource = 8;

class ImageBuilder {
 public:
  ImageBuilder(PhysicalMemory& memory, PageSource& source, std::span<const RawSegment> segments);

  // 0, or ENOMEM when the source of pages runs dry.
  int Build();
  uint64_t head() const { return head_; }
  uint64_t swap_page() const { return swap_page_; }

 private:
  bool IsDestination(uint64_t page) const;
  std::optional<uint64_t> ControlPage();
  std::optional<uint64_t> SourcePageFor(uint64_t destination);
  int LoadSegment(const RawSegment& segment);
  int WriteList();

  PhysicalMemory& memory_;
  PageSource& source_;
  std::span<const RawSegment> segments_;
  std::map<uint64_t, uint64_t> source_of_;  // destination page -> the page that holds its bytes
  std::set<uint64_t> parked_;               // destinations of others, met before their turn
  uint64_t head_ = 0;
  uint64_t swap_page_ = 0;
};

}  // namespace kexec::testing
