// SPDX-License-Identifier: GPL-2.0-or-later
// The counters count: a test that uses them can fail.
#include "tests/support/work.h"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "loaders/boot_entries/version_order.h"

namespace kexec::testing {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

TEST(Work, CountsEachAllocationAndTheMostHeldAtOnce) {
  const WorkMeter meter;
  for (int i = 0; i < 10; ++i) std::vector<char>(1000).back() = 'x';
  const Work work = meter.Take();
  EXPECT_EQ(work.allocations, 10U);
  EXPECT_THAT(work.bytes, AllOf(Ge(10000U), Le(10800U)));
  EXPECT_THAT(work.peak, AllOf(Ge(1000U), Le(1080U)));
}

TEST(Work, CountsArraysAndAlignedMemory) {
  struct alignas(64) Line {
    char bytes[64];
  };
  const WorkMeter meter;
  const auto array = std::make_unique<char[]>(100);
  const auto line = std::make_unique<Line>();
  const std::unique_ptr<int> quiet(new (std::nothrow) int(7));
  EXPECT_EQ(meter.Take().allocations, 3U);
}

TEST(Work, WhatWasThereBeforeDoesNotCount) {
  auto before = std::make_unique<std::vector<char>>(100000);
  const WorkMeter meter;
  before.reset();
  std::vector<char>(5000).back() = 'x';
  EXPECT_EQ(meter.Take().peak, 0U);
  EXPECT_EQ(meter.Take().allocations, 1U);
}

// Versions of `fields` numbers, equal but for the last.
Work CompareLong(size_t fields) {
  std::string text;
  for (size_t i = 0; i < fields; ++i) text += "7.";
  return MeasureWork([&, a = text + "1", b = text + "2"] { return CompareVersions(a, b) < 0; });
}

TEST(Work, CountsStepsOfTheProduct) {
  if (!CountsSteps()) GTEST_SKIP() << "only the preset dev counts steps";
  const Work once = CompareLong(5000), twice = CompareLong(10000);
  EXPECT_GE(once.steps, 5000U);
  EXPECT_THAT(twice.steps, AllOf(Ge(once.steps * 19 / 10), Le(once.steps * 21 / 10)));
  ExpectLinear(once, twice);
}

TEST(Work, MoreThanTwiceTheCostFails) {
  const Work once{.steps = 100000, .allocations = 100000, .bytes = 100000, .peak = 100000};
  ExpectLinear(once, {.steps = 200000, .allocations = 200000, .bytes = 200000, .peak = 200000});
  EXPECT_NONFATAL_FAILURE(ExpectLinear({.steps = 100000}, {.steps = 230000}),
                          "steps; half the input took 100000");
  EXPECT_NONFATAL_FAILURE(ExpectLinear({.allocations = 100000}, {.allocations = 230000}),
                          "allocations; half");
  EXPECT_NONFATAL_FAILURE(ExpectLinear({.bytes = 100000}, {.bytes = 230000}), "bytes allocated; half");
  EXPECT_NONFATAL_FAILURE(ExpectLinear({.peak = 100000}, {.peak = 230000}), "bytes at one time; half");
}

}  // namespace
}  // namespace kexec::testing
