// SPDX-License-Identifier: GPL-2.0-or-later
// A crash image is filled where it will run: control pages and everything else stay inside the reserved region, and the
// old image is gone before the first byte of it could be overwritten.
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "tests/kernel/simulation.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kOnCrashFlags = kArchX86_64 | kOnCrash;
constexpr MachineConfig kMachine = {
    .pages = 1024, .order = kRandom, .max_order = 4, .crash = {0x100000, 0x200000}};
const std::vector<Piece> kImage = {
    Full(0x101000, 0x40000), {0x180000, 0x30000, 0x12345}, {0x1ff000, 0x1000, 0}};

TEST(CrashImage, LiesInItsRegionAndNowhereElse) {
  Simulation simulation(kMachine, kImage);
  MachineResetCounters();
  ASSERT_EQ(simulation.Load(kOnCrashFlags), 0) << MachineLog();
  EXPECT_EQ(MachineCount().pages_held, 0u) << "a crash image takes no pages of the running system";
  simulation.ExpectGoodCrashImage();
  simulation.ExpectRestUntouched();
}

TEST(CrashImage, ByFileCallToo) {
  Simulation simulation(kMachine, kImage);
  ASSERT_EQ(simulation.LoadFile(true), 0) << MachineLog();
  simulation.ExpectGoodCrashImage();
  simulation.ExpectRestUntouched();
}

TEST(CrashImage, ControlPagesFindTheHoles) {
  // One-page holes hold single pages, the block of two goes to the end.
  std::vector<Piece> pieces;
  for (uint64_t i = 0; i < 16; ++i) pieces.push_back(Full(0x100000 + i * 0x2000, kPage));
  Simulation simulation(kMachine, pieces);
  ASSERT_EQ(simulation.Load(kOnCrashFlags), 0) << MachineLog();
  simulation.ExpectGoodCrashImage();
}

TEST(CrashImage, WithoutRoomForControlPages) {
  Simulation simulation(kMachine, {Full(0x100000, 0x100000)});
  EXPECT_EQ(simulation.Load(kOnCrashFlags), -ENOMEM);
  LoadedImage image;
  EXPECT_FALSE(KernelImage(true, &image));
}

TEST(CrashImage, IsLoadedBesideTheNormalOne) {
  Simulation simulation(kMachine, {Full(0x200000, 0x40000)});
  ASSERT_EQ(simulation.Load(), 0);
  ASSERT_EQ(simulation.Load(kImage, kOnCrashFlags), 0);
  LoadedImage image;
  EXPECT_TRUE(KernelImage(false, &image));
  EXPECT_EQ(simulation.Unload(kOnCrashFlags), 0);
  EXPECT_TRUE(KernelImage(false, &image));
  EXPECT_FALSE(KernelImage(true, &image));
}

TEST(CrashImage, TheOldOneGoesFirst) {
  Simulation simulation(kMachine, kImage);
  ASSERT_EQ(simulation.Load(kOnCrashFlags), 0);
  MachineResetCounters();
  const MachineFaults faults = {.fail_copy = 1};
  MachineSetFaults(&faults);
  EXPECT_EQ(simulation.Load(kOnCrashFlags), -EFAULT);
  LoadedImage image;
  EXPECT_FALSE(KernelImage(true, &image)) << "its memory was overwritten";
}

TEST(CrashImage, NoMemoryAtAnyAllocation) {
  Simulation simulation(kMachine, kImage);
  uint64_t n = 1;
  for (;; ++n) {
    MachineResetCounters();
    const MachineFaults faults = {.fail_from = n};
    MachineSetFaults(&faults);
    const long result = simulation.Load(kOnCrashFlags);
    if (result == 0) break;
    ASSERT_EQ(result, -ENOMEM);
    ASSERT_EQ(MachineCount().objects_held, 0u);
  }
  EXPECT_GE(n, 3u) << "the segment list and the image";
}

}  // namespace
}  // namespace kexec::testing
