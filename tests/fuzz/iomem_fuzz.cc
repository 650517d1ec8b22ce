// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as /proc/iomem: a report that keeps its promises, or one sentence.
#include <string_view>

#include "kexec/memory_map.h"
#include "tests/fuzz/fuzz_input.h"

using kexec::MemoryRegion;
using kexec::MemoryType;
using kexec::testing::Require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto report = kexec::ParseIomem({reinterpret_cast<const char*>(data), size});
  if (!report) {
    Require(!report.error().message().empty() && report.error().message().size() < 400);
    return 0;
  }
  Require(!report->map.ram().empty() && report->map.ram_bytes() != 0);
  const MemoryRegion* before = nullptr;
  for (const MemoryRegion& region : report->map.regions()) {
    if (before != nullptr) {
      Require(before->range.end() <= region.range.begin());
      Require(before->range.end() < region.range.begin() || before->type != region.type);
    }
    Require(report->map.Find(region.range.begin()) == &region);
    Require(report->map.IsRam(region.range) == (region.type == MemoryType::kRam));
    before = &region;
  }
  for (size_t i = 1; i < report->crash_regions.size(); ++i) {
    Require(report->crash_regions[i - 1] <= report->crash_regions[i]);
  }
  return 0;
}
