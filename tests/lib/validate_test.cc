// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>

#include "tests/support/fake_kernel.h"
#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

SharedBytes Filled(size_t size) { return SharedBytes::Own(std::vector<std::byte>(size, std::byte{0x5a})); }

const MemoryMap& TestMemory() {
  static const MemoryMap map = MemoryMap::FromRegions({
      {Range(0x1000, 0x9000), MemoryType::kRam},
      {Range(0x9000, 0xa000), MemoryType::kReserved},
      {Range(0x10000, 0x20000), MemoryType::kRam},
      {Range(0x20000, 0x30000), MemoryType::kRam},
      {Range(0x7ff0000, 0x8000000), MemoryType::kRam},
  });
  return map;
}

ImageLimits TestLimits() {
  return {.destination = Range(0, 0x7fff000),
          .memory = &TestMemory(),
          .total_ram_pages = 64,
          .crash_regions = {}};
}

LoadPlan GoodPlan() {
  return {LoadKind::kNormal,
          PhysAddr(0x2010),
          {{"purgatory", Pages(0x2000, 0x3000), Filled(0x20)},
           {"kernel", Pages(0x18000, 0x28000), Filled(0x8000)}}};
}

TEST(Validate, AcceptsAPlanThatKeepsEveryRuleAcrossNeighbouringRam) {
  const auto image = Validate(GoodPlan(), TestLimits());
  ASSERT_TRUE(image.has_value()) << MessageOf(image);
  EXPECT_EQ(image->plan().segments.size(), 2u);
  EXPECT_EQ(image->plan().segments[1].label, "kernel");
}

TEST(Validate, WithoutKnownRamSizeTheHalfRuleIsSkipped) {
  ImageLimits limits = TestLimits();
  limits.total_ram_pages = 0;
  EXPECT_EQ(MessageOf(Validate(GoodPlan(), limits)), "success");
}

TEST(Validate, AcceptsACrashPlanInsideItsRegion) {
  LoadPlan plan = GoodPlan();
  plan.kind = LoadKind::kCrash;
  ImageLimits limits = TestLimits();
  limits.crash_regions = {Range(0x1000, 0x4000), Range(0x10000, 0x30000)};
  EXPECT_EQ(MessageOf(Validate(plan, limits)), "success");
}

struct Refusal {
  const char* what;
  std::function<void(LoadPlan&, ImageLimits&)> spoil;
  Errc code;
  const char* message;
};

class ValidateRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(ValidateRefuses, WithTheRuleAndTheAddresses) {
  LoadPlan plan = GoodPlan();
  ImageLimits limits = TestLimits();
  GetParam().spoil(plan, limits);
  const auto image = Validate(std::move(plan), limits);
  ASSERT_FALSE(image.has_value());
  EXPECT_EQ(image.error().message(), GetParam().message);
  EXPECT_EQ(image.error().code(), GetParam().code);
}

const Refusal kRefusals[] = {
    {"no_segments", [](LoadPlan& plan, ImageLimits&) { plan.segments.clear(); }, Errc::kInvalidImage,
     "the plan has no segments: the kernel takes that as a request to unload"},
    {"seventeen_segments",
     [](LoadPlan& plan, ImageLimits&) {
       plan.segments.clear();
       for (uint64_t i = 0; i < 17; ++i) {
         plan.segments.push_back({"s", Pages(0x10000 + i * 0x1000, 0x11000 + i * 0x1000), Filled(1)});
       }
     },
     Errc::kInvalidImage, "the plan has 17 segments, the kernel takes at most 16; use fewer initrd files"},
    {"unaligned_ends",
     [](LoadPlan& plan, ImageLimits&) { plan.segments[0].dest = Pages(0x2200, 0x2e00, 0x200); },
     Errc::kInvalidImage,
     "segment 'purgatory' at [0x2200, 0x2e00) does not begin and end at multiples of the page size 0x1000"},
    {"above_the_destination_limit",
     [](LoadPlan& plan, ImageLimits&) { plan.segments[1].dest = Pages(0x7ffe000, 0x7fff000); },
     Errc::kInvalidImage,
     "segment 'kernel' at [0x7ffe000, 0x7fff000) is not inside [0x0, 0x7fff000), the memory this machine can "
     "load to"},
    {"below_the_destination_limit",
     [](LoadPlan&, ImageLimits& limits) { limits.destination = Range(0x3000, 0x7fff000); },
     Errc::kInvalidImage,
     "segment 'purgatory' at [0x2000, 0x3000) is not inside [0x3000, 0x7fff000), the memory this machine can "
     "load to"},
    {"more_bytes_than_room", [](LoadPlan& plan, ImageLimits&) { plan.segments[0].contents = Filled(0x1001); },
     Errc::kInvalidImage,
     "segment 'purgatory' at [0x2000, 0x3000) holds 0x1001 bytes, but has room for 0x1000"},
    {"overlap",
     [](LoadPlan& plan, ImageLimits&) {
       plan.segments[1].dest = Pages(0x1000, 0x3000);
       plan.segments[1].contents = Filled(1);
     },
     Errc::kInvalidImage,
     "segment 'kernel' at [0x1000, 0x3000) overlaps segment 'purgatory' at [0x2000, 0x3000)"},
    {"segment_above_half_of_ram", [](LoadPlan&, ImageLimits& limits) { limits.total_ram_pages = 31; },
     Errc::kDoesNotFit,
     "segment 'kernel' at [0x18000, 0x28000) needs 16 pages, the kernel takes at most 15, half of its 31 "
     "pages of RAM; "
     "use a smaller file"},
    {"sum_above_half_of_ram", [](LoadPlan&, ImageLimits& limits) { limits.total_ram_pages = 33; },
     Errc::kDoesNotFit,
     "all segments together need 17 pages, the kernel takes at most 16, half of its 33 pages of RAM; use "
     "smaller files"},
    {"crash_without_region", [](LoadPlan& plan, ImageLimits&) { plan.kind = LoadKind::kCrash; },
     Errc::kNoCrashRegion,
     "no memory is reserved for a crash kernel; reserve some with crashkernel= on the kernel command line"},
    {"crash_outside_region",
     [](LoadPlan& plan, ImageLimits& limits) {
       plan.kind = LoadKind::kCrash;
       limits.crash_regions = {Range(0x1000, 0x4000), Range(0x20000, 0x30000)};
     },
     Errc::kInvalidImage,
     "segment 'kernel' at [0x18000, 0x28000) is outside the memory reserved for the crash kernel, "
     "[0x1000, 0x4000) or [0x20000, 0x30000)"},
    {"reserved_memory", [](LoadPlan& plan, ImageLimits&) { plan.segments[1].dest = Pages(0x8000, 0x12000); },
     Errc::kInvalidImage,
     "segment 'kernel' at [0x8000, 0x12000) covers [0x9000, 0xa000), which is not RAM but reserved"},
    {"a_hole", [](LoadPlan& plan, ImageLimits&) { plan.segments[1].dest = Pages(0x28000, 0x38000); },
     Errc::kInvalidImage,
     "segment 'kernel' at [0x28000, 0x38000) covers [0x30000, 0x38000), where there is no memory"},
    {"entry_in_no_segment", [](LoadPlan& plan, ImageLimits&) { plan.entry = PhysAddr(0x3000); },
     Errc::kInvalidImage, "the entry point 0x3000 is in none of the 2 segments"},
    {"entry_in_zero_fill", [](LoadPlan& plan, ImageLimits&) { plan.entry = PhysAddr(0x2020); },
     Errc::kInvalidImage,
     "the entry point 0x2020 is in the zero fill of segment 'purgatory' at [0x2000, 0x3000), behind its 0x20 "
     "bytes"},
};

INSTANTIATE_TEST_SUITE_P(Table, ValidateRefuses, ::testing::ValuesIn(kRefusals),
                         [](const auto& row) { return row.param.what; });

// A plan of one to three segments side by side, wrong only where the machine's limits make it so.
LoadPlan CarefulPlan() {
  LoadPlan plan;
  plan.kind = *rc::gen::element(LoadKind::kNormal, LoadKind::kCrash);
  uint64_t begin = *rc::gen::element<uint64_t>(0, 0x10000, 0x14000);
  plan.entry = PhysAddr(begin);
  const auto count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    const auto size = *rc::gen::inRange<uint64_t>(1, 4) * 0x1000;
    plan.segments.push_back(
        {"s", Pages(begin, begin + size), Filled(*rc::gen::inRange<uint64_t>(1, size + 1))});
    begin += size + *rc::gen::inRange<uint64_t>(0, 2) * 0x1000;
  }
  return plan;
}

// A plan with random, mostly wrong segments near the borders of a small machine.
LoadPlan RandomPlan() {
  LoadPlan plan;
  plan.kind = *rc::gen::element(LoadKind::kNormal, LoadKind::kCrash);
  const auto count = *rc::gen::inRange(0, 19);
  const auto bottom = *rc::gen::element<uint64_t>(0, 0x10000);
  for (int i = 0; i < count; ++i) {
    const auto begin = *rc::gen::inRange<uint64_t>(0, 0x60) * 0x800 + bottom;
    const auto size =
        (*rc::gen::inRange<uint64_t>(1, 6)) * *rc::gen::element<uint64_t>(0x800, 0x1000, 0x1000);
    const auto bytes = *rc::gen::inRange<uint64_t>(0, size + *rc::gen::element<uint64_t>(0, 8));
    plan.segments.push_back({"s", Pages(begin, begin + size, 0x800), Filled(bytes)});
  }
  plan.entry = PhysAddr(*rc::gen::inRange<uint64_t>(0, 0x40000));
  if (count > 0 && *rc::gen::arbitrary<bool>()) plan.entry = plan.segments[0].dest.begin();
  return plan;
}

TEST(ValidateProperty, WhatValidateAcceptsTheKernelAccepts) {
  int accepted = 0;
  EXPECT_TRUE(rc::check("accepted by us, accepted by the restated kernel", [&] {
    const MemoryMap map = RamMap({Range(0, 0x20000), Range(0x20000, 0x28000)});
    const auto total = *rc::gen::inRange<uint64_t>(1, 80);
    const uint64_t limit = *rc::gen::element<uint64_t>(0x18000, 0x28000, 0xffffff);
    const PhysRange crash = Range(0x10000, 0x1c000);
    FakeKernel kernel({.ram = {Range(0, 0x28000)},
                       .destination_limit = limit,
                       .total_ram_pages = total,
                       .crash_region = crash});
    LoadPlan plan = *rc::gen::arbitrary<bool>() ? CarefulPlan() : RandomPlan();
    std::vector<RawSegment> raw;
    for (const Segment& segment : plan.segments) {
      raw.push_back({segment.contents.view().data(), segment.contents.size(), segment.dest.begin().raw(),
                     segment.dest.size()});
    }
    const uint64_t entry = plan.entry.raw();
    const bool is_crash = plan.kind == LoadKind::kCrash;
    const ImageLimits limits = {
        .destination = Range(0, limit), .memory = &map, .total_ram_pages = total, .crash_regions = {crash}};
    if (Validate(std::move(plan), limits).has_value()) {
      ++accepted;
      RC_ASSERT(raw.size() <= 16u);
      RC_ASSERT(kernel.CheckSegments(entry, raw, is_crash) == 0);
    }
  }));
  EXPECT_GT(accepted, 0) << "the generator never makes a good plan";
}

}  // namespace
}  // namespace kexec::testing
