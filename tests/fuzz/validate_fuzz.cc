// SPDX-License-Identifier: GPL-2.0-or-later
// Any plan: what Validate accepts, the kernel's rules, restated independently, accept as well.
#include <algorithm>
#include <vector>

#include "kexec/validate.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/fake_kernel.h"

namespace {

using namespace kexec;
using kexec::testing::FakeKernel;
using kexec::testing::FuzzInput;
using kexec::testing::Require;

PhysRange Between(uint64_t begin, uint64_t end) {
  return *PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end));
}

// Mostly whole pages, sometimes halves; bases low, around a hole, and at the destination limit.
LoadPlan ReadPlan(FuzzInput& input) {
  constexpr uint64_t kBases[] = {0, 0x8000, 0x40000, 0xff000, 0xfffffffffff00000};
  const SharedBytes bytes = SharedBytes::Own(std::vector<std::byte>(0x8000));
  LoadPlan plan;
  plan.kind = input.Byte() % 2 != 0 ? LoadKind::kCrash : LoadKind::kNormal;
  for (uint64_t count = input.Number(0, 20); count > 0; --count) {
    const uint64_t grain = input.Byte() % 8 == 0 ? 0x800 : 0x1000;
    const uint64_t begin = kBases[input.Number(0, 5)] + input.Number(0, 64) * grain;
    const uint64_t size = input.Number(1, 8) * grain;
    const auto dest = PageRange::Exactly(Between(begin, begin + size), *Alignment::Make(0x800));
    const uint64_t filled = input.Byte() % 2 != 0 ? size : input.Number(0, 256) * 0x80;
    plan.segments.push_back({"s", *dest, *bytes.Slice(0, std::min<uint64_t>(filled, 0x8000))});
  }
  plan.entry = PhysAddr(input.Number(0, 256) * 0x400);
  if (!plan.segments.empty() && input.Byte() % 4 != 0) plan.entry = plan.segments.back().dest.begin();
  return plan;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  const uint64_t total_pages = input.Number(1, 200);
  const uint64_t limit = input.Byte() % 2 != 0 ? 0x102000 : (uint64_t{1} << 46) - 1;
  const PhysRange crash = Between(0x40000, 0x60000);
  const MemoryMap memory =
      MemoryMap::FromRegions({{Between(0, 0x9f000), MemoryType::kRam},
                              {Between(0xff000, 0x200000), MemoryType::kRam},
                              {Between(0xb000, 0xb010), MemoryType::kReserved},
                              {Between(0xfffffffffff00000, 0xffffffffffff0000), MemoryType::kRam}});
  LoadPlan plan = ReadPlan(input);
  std::vector<RawSegment> raw;
  for (const Segment& segment : plan.segments) {
    raw.push_back({segment.contents.view().data(), segment.contents.size(), segment.dest.begin().raw(),
                   segment.dest.size()});
  }
  const PhysAddr entry = plan.entry;
  const bool is_crash = plan.kind == LoadKind::kCrash;
  const auto image = Validate(std::move(plan), {.destination = Between(0, limit),
                                                .memory = &memory,
                                                .total_ram_pages = total_pages,
                                                .crash_regions = {crash}});
  if (!image) {
    Require(!image.error().message().empty());
    return 0;
  }
  const FakeKernel kernel({.ram = {Between(0, 0x200000)},
                           .destination_limit = limit,
                           .total_ram_pages = total_pages,
                           .crash_region = crash});
  Require(!raw.empty() && raw.size() <= 16);
  Require(kernel.CheckSegments(entry.raw(), raw, is_crash) == 0);
  bool entered = false;
  for (const Segment& segment : image->plan().segments) {
    Require(memory.IsRam(segment.dest.range()));
    entered |=
        entry >= segment.dest.begin() && entry.raw() - segment.dest.begin().raw() < segment.contents.size();
  }
  Require(entered);
  return 0;
}
