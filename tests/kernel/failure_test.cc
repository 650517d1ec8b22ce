// SPDX-License-Identifier: GPL-2.0-or-later
// A load that fails says why by its errno, gives everything back, and leaves the image that was loaded before.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>
#include <vector>

#include "tests/kernel/simulation.h"

namespace kexec::testing {
namespace {

constexpr MachineConfig kMachine = {
    .pages = 256, .order = kInterleaved, .seed = 3, .max_order = 4, .busy_percent = 5, .hidden_percent = 50};
const std::vector<Piece> kOld = {Full(0x10000, 0x9000), {0x60000, 0x5000, 0x1234}};
const std::vector<Piece> kNew = {Full(0x40000, 0x21000), {0x80000, 0x18000, 0x9877}, Full(0xa0000, 0x3000)};

struct Outcome {
  long result;
  MachineCounters counters;
  uint64_t copied_after_signal;
};

// On a fresh machine, so that every attempt meets the same pages: loads kOld, then kNew with `faults`, and expects a good
// image, or that all is as before.
Outcome LoadWith(PageOrder order, const MachineFaults& faults) {
  MachineConfig config = kMachine;
  config.order = order;
  Simulation simulation(config, kNew);
  LoadedImage old, now;
  EXPECT_EQ(simulation.Load(kOld), 0);
  EXPECT_TRUE(KernelImage(false, &old));
  MachineResetCounters();
  const MachineCounters before = MachineCount();
  MachineSetFaults(&faults);
  const Outcome outcome = {simulation.Load(kNew), MachineCount(), MachineCopiedAfterSignal()};
  // kNew, or still kOld: a thorough look takes long, so not at every failure.
  if (outcome.result == 0 || outcome.counters.events % 8 == 0) simulation.ExpectGoodImage();
  EXPECT_TRUE(KernelImage(false, &now));
  if (outcome.result == 0) return outcome;
  EXPECT_EQ(outcome.counters.pages_held, before.pages_held) << "pages leaked";
  EXPECT_EQ(outcome.counters.objects_held, before.objects_held) << "objects leaked";
  EXPECT_EQ(now.identity, old.identity) << "the old image is gone";
  return outcome;
}

class FailureTest : public ::testing::TestWithParam<PageOrder> {};

TEST_P(FailureTest, NoMemoryFromTheNthAllocationOn) {
  uint64_t n = 1;
  for (Outcome outcome; (outcome = LoadWith(GetParam(), {.fail_from = n})).result != 0; ++n) {
    ASSERT_EQ(outcome.result, -ENOMEM) << "allocation " << n;
  }
  EXPECT_GT(n, 8u) << "object, control pages, sources, list";
}

TEST_P(FailureTest, OneAllocationFails) {
  uint64_t n = 1;
  for (Outcome outcome; (outcome = LoadWith(GetParam(), {.fail_allocation = n})).counters.allocations >= n;
       ++n) {
    ASSERT_TRUE(outcome.result == 0 || outcome.result == -ENOMEM)
        << "allocation " << n << ": " << outcome.result;
  }
  EXPECT_GT(n, 8u);
}

TEST_P(FailureTest, EachNthAllocationFails) {
  for (uint64_t n = 2; n < 30; ++n) {
    const long result = LoadWith(GetParam(), {.fail_every = n}).result;
    ASSERT_TRUE(result == 0 || result == -ENOMEM) << "each " << n << ": " << result;
  }
}

TEST_P(FailureTest, TheUsersMemoryCannotBeRead) {
  uint64_t n = 1;
  for (Outcome outcome; (outcome = LoadWith(GetParam(), {.fail_copy = n})).result != 0; ++n) {
    ASSERT_EQ(outcome.result, -EFAULT) << "copy " << n;
  }
  EXPECT_GE(n, 4u) << "three segments have contents";
}

// A fatal signal at each event. What is copied after it is at most one step of the kernel's. The patched kernel answers
// -EINTR, older ones -ENOMEM, and while control pages are looked for both do: nobody sees it, the caller is about to die.
TEST_P(FailureTest, TheCallerIsKilledAtAnyTime) {
  uint64_t interrupted = 0, n = 1;
  for (Outcome outcome; (outcome = LoadWith(GetParam(), {.signal_at = n})).result != 0; ++n) {
    const long result = outcome.result;
    ASSERT_TRUE(result == -ENOMEM || (result == -EINTR && KernelIsPatched()))
        << "event " << n << ": " << result;
    ASSERT_LE(outcome.copied_after_signal, kMiB) << "event " << n;
    interrupted += result == -EINTR;
  }
  EXPECT_GT(n, 10u);
  if (KernelIsPatched()) {
    EXPECT_GT(interrupted, 3u) << "the list and three segments";
  }
}

INSTANTIATE_TEST_SUITE_P(AnyMemory, FailureTest,
                         ::testing::Values(kAscending, kDestinationBackwards, kInterleaved));

// More than there is: an errno, and nobody else is killed for it.
TEST(ShortageTest, IsNotTheProblemOfOthers) {
  MachineConfig config{.pages = 1024, .order = kRandom, .max_order = 4, .busy_percent = 70};
  Simulation simulation(config, {Full(0x100000, 2 * kMiB)});
  EXPECT_EQ(simulation.Load(), -ENOMEM);
  EXPECT_EQ(MachineCount().pages_held, 0u);
  if (KernelIsPatched()) {
    EXPECT_EQ(MachineCount().oom_kills, 0u);
  }
}

// Segments that do not overlap, in any order, of any size that fits.
std::vector<Piece> RandomPieces(std::mt19937& random) {
  const auto below = [&](uint64_t limit) { return random() % limit; };
  std::vector<Piece> pieces;
  const uint64_t count = 1 + below(16);
  const uint64_t room = 256 / count;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t pages = 1 + below(room / 2 + 1);
    const uint64_t begin = 1 + i * room + below(room - pages + 1);
    pieces.push_back({begin * kPage, pages * kPage, below(3) == 0 ? 0 : below(pages * kPage + 1)});
  }
  std::shuffle(pieces.begin(), pieces.end(), random);
  return pieces;
}

TEST(RepeatedLoads, AThousandTimesNothingLeaks) {
  std::mt19937 random(1);
  MachineConfig config{
      .pages = 512, .order = kRandom, .seed = 9, .max_order = 5, .busy_percent = 3, .hidden_percent = 30};
  Simulation simulation(config, RandomPieces(random));
  uint64_t held = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(simulation.Load(RandomPieces(random)), 0)
        << "load " << i;  // over the one before, or after an unload
    if (i % 20 == 0) simulation.ExpectGoodImage();
    held = std::max(held, MachineCount().pages_held);
    if (i % 3 != 0) continue;
    ASSERT_EQ(simulation.Unload(), 0);
    ASSERT_EQ(MachineCount().pages_held, 0u) << "load " << i;
    ASSERT_EQ(MachineCount().objects_held, 0u) << "load " << i;
  }
  EXPECT_LE(held, 256u + 16);
}

TEST(FileLoad, ContentsComeFromTheKernelsMemory) {
  MachineConfig config{.pages = 512, .order = kDestinationBackwards, .max_order = 6};
  Simulation simulation(config, {Full(0x40000, 0x41000), {0x90000, 0x30000, 0x2001}});
  ASSERT_EQ(simulation.LoadFile(false), 0);
  simulation.ExpectRestUntouched();
  simulation.ExpectGoodImage();
}

}  // namespace
}  // namespace kexec::testing
