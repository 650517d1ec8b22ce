// SPDX-License-Identifier: GPL-2.0-or-later
// What a load costs, in basic blocks of kernel code and allocations: numbers that are the same on every machine. The
// patched kernel needs the same for each page however many there are; the unpatched one is measured by the same
// harness, and the table shows how it grows. Run with --gtest_filter='Cost*' to see the tables.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/kernel/simulation.h"

namespace kexec::testing {
namespace {

constexpr const char* kOrderNames[] = {
    "ascending",        "descending", "random", "destination first", "destination backwards",
    "destination last", "interleaved"};

struct Cost {
  uint64_t pages;
  MachineCounters counters;
  double Steps() const { return static_cast<double>(counters.steps) / static_cast<double>(pages); }
  double Allocations() const {
    return static_cast<double>(counters.allocations) / static_cast<double>(pages);
  }
  // Memory beyond the image itself at the worst moment, in percent of it; what any image needs is left out.
  double Overhead() const {
    constexpr uint64_t kAnyImage = 16 * kPage;  // object, control pages, one page of the list
    const uint64_t peak = counters.pages_peak * kPage + counters.bytes_peak;
    return 100.0 * (static_cast<double>(peak) - static_cast<double>(pages * kPage + kAnyImage)) /
           static_cast<double>(pages * kPage);
  }
};

// An image of `mebibytes` in `segments` parts, low in memory, where just enough is free for it twice. Which pages serve it
// is the allocator's choice, unless some can be taken by their place (hidden_percent).
Cost Measure(uint64_t mebibytes, PageOrder order, unsigned max_order, uint64_t segments = 1,
             unsigned hidden_percent = 100) {
  const uint64_t bytes = mebibytes * kMiB, part = bytes / segments;
  const MachineConfig config{.pages = (2 * mebibytes + 4) * kMiB / kPage,
                             .order = order,
                             .seed = 5,
                             .max_order = max_order,
                             .hidden_percent = hidden_percent,
                             .without_contents = true};
  std::vector<Piece> pieces;
  for (uint64_t i = 0; i < segments; ++i) pieces.push_back(Full(kMiB + i * (part + kPage), part));
  Simulation simulation(config, pieces);
  MachineResetCounters();
  EXPECT_EQ(simulation.Load(), 0) << MachineLog();
  return {bytes / kPage, MachineCount()};
}

void Print(const std::string& what, uint64_t mebibytes, const Cost& cost) {
  std::printf("%-36s %5lu MiB %10.1f blocks %8.3f allocations %6.2f %% overhead\n", what.c_str(), mebibytes,
              cost.Steps(), cost.Allocations(), cost.Overhead());
}

struct Case {
  PageOrder order;
  unsigned max_order;
  uint64_t segments;
  unsigned hidden_percent = 100;
  std::string Name() const {
    return std::string(kOrderNames[order]) + (max_order == 0 ? ", single pages" : ", blocks") +
           (segments == 1 ? "" : ", 16 segments") +
           (hidden_percent == 100 ? ""
            : hidden_percent == 0 ? ", free"
                                  : ", mixed");
  }
};

// Basic blocks per page: twice what GCC 12 makes of today's code with sanitizers, so that another compiler may differ.
constexpr double kMostSteps = 200;

void ExpectLinear(const Case& test, const std::vector<uint64_t>& sizes) {
  double first = 0;
  for (const uint64_t size : sizes) {
    const Cost cost = Measure(size, test.order, test.max_order, test.segments, test.hidden_percent);
    Print(test.Name(), size, cost);
    EXPECT_GT(cost.counters.steps, 0u);
    EXPECT_LT(cost.Steps(), kMostSteps) << test.Name() << ", " << size << " MiB";
    EXPECT_LT(cost.Allocations(), 1.01) << test.Name() << ", " << size << " MiB";
    EXPECT_LT(cost.Overhead(), 0.5) << test.Name() << ", " << size << " MiB";
    if (first == 0) first = cost.Steps();
    EXPECT_LT(cost.Steps(), 1.5 * first + 1) << test.Name() << ", " << size << " MiB: it grows";
  }
}

TEST(Cost, OfAPageDoesNotDependOnTheImage) {
  if (!KernelIsPatched()) GTEST_SKIP() << "true of the patched kernel only";
  for (int order = 0; order < kPageOrders; ++order) {
    ExpectLinear({static_cast<PageOrder>(order), 0, 1}, {16, 64, 256});
  }
  ExpectLinear({kInterleaved, 10, 16}, {16, 64, 256});
  ExpectLinear({kDestinationBackwards, 0, 1}, {512, 1024, 4096});
  ExpectLinear({kInterleaved, 0, 16}, {512, 1024, 4096});
  ExpectLinear({kRandom, 10, 1}, {512, 1024, 4096});
  ExpectLinear({kDestinationBackwards, 0, 16, 0}, {16, 64, 256});
  ExpectLinear({kRandom, 10, 1, 50}, {16, 64, 256});
}

TEST(Cost, BlocksAreTakenWhereThereAreSome) {
  if (!KernelIsPatched()) GTEST_SKIP() << "true of the patched kernel only";
  EXPECT_LT(Measure(256, kRandom, 10).Allocations(), 0.01);
  EXPECT_LT(Measure(256, kAscending, 10).Allocations(), 0.01);
}

TEST(Cost, GrowsWithTheImageInTheUnpatchedKernel) {
  if (KernelIsPatched()) GTEST_SKIP() << "true of the unpatched kernel only";
  for (const PageOrder order : {kAscending, kInterleaved}) {
    double before = 0;
    for (const uint64_t size : std::vector<uint64_t>{4, 8, 16, 32}) {
      const Cost cost = Measure(size, order, 0);
      Print(kOrderNames[order], size, cost);
      EXPECT_GT(cost.Steps(), 1.6 * before) << kOrderNames[order] << ", " << size << " MiB";
      before = cost.Steps();
    }
  }
}

}  // namespace
}  // namespace kexec::testing
