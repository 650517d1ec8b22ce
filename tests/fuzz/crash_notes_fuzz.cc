// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as what /sys says about notes and CMA ranges, and as the kernel's symbols: the first byte chooses.
#include <string_view>

#include "arch/x86_64/kernel_text.h"
#include "kexec/crash_memory.h"
#include "tests/fuzz/fuzz_input.h"

using namespace kexec;
using kexec::testing::Require;

namespace {

void CheckCpuList(std::string_view text) {
  const auto ranges = ParseCpuList(text);
  if (!ranges) return Require(!ranges.error().message().empty() && ranges.error().message().size() < 400);
  Require(!ranges->empty());
  uint64_t next = 0;
  for (const CpuRange& range : *ranges) {
    Require(next <= range.first && range.first <= range.last && range.last < 65535);
    next = uint64_t{range.last} + 1;
  }
}

void CheckCma(std::string_view text) {
  const auto ranges = ParseCmaRanges(text);
  if (!ranges) return Require(!ranges.error().message().empty() && ranges.error().message().size() < 400);
  for (const PhysRange& range : *ranges) Require(range.begin() < range.end());
  IomemReport report;
  report.entries.push_back({0, *PhysRange::FromBounds(PhysAddr(0), PhysAddr(UINT64_MAX)), "System RAM"});
  const CrashMemory memory = MakeCrashMemory(report, *ranges);
  uint64_t bytes = 0;
  for (const PhysRange& range : memory.cma) bytes += range.size();
  for (const PhysRange& range : memory.dumped) bytes += range.size();
  Require(bytes == UINT64_MAX);
}

void CheckSymbols(std::string_view text) {
  const auto found = TextFromSymbols(text, PhysAddr(0x1000000), X86MappingRules());
  if (!found) return Require(!found.error().message().empty() && found.error().message().size() < 400);
  Require(found->range.begin() == PhysAddr(0x1000000) && found->range.size() <= (uint64_t{1} << 30));
  Require(found->virt >= 0xffffffff80000000 && found->virt + found->range.size() > found->virt);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      CheckCpuList(text);
      break;
    case 1:
      CheckCma(text);
      break;
    case 2:
      CheckSymbols(text);
      break;
    default:
      if (const auto range = ParseVmcoreinfo(text)) Require(range->begin() < range->end());
  }
  return 0;
}
