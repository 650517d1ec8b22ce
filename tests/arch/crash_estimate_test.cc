// SPDX-License-Identifier: GPL-2.0-or-later
// The bill for a crash kernel, against guests that were panicked with less and less memory.
#include "arch/crash_estimate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kexec {
namespace {

constexpr uint64_t kMiB = 1 << 20;

CrashNeed Need(uint64_t kernel_kib, uint64_t initrd_kib, uint64_t unpacked_kib, bool has_root) {
  return {.kernel_bytes = kernel_kib << 10,
          .initrd_bytes = initrd_kib << 10,
          .unpacked_bytes = unpacked_kib << 10,
          .core_headers_bytes = 4096,
          .cpus = 1,
          .has_root = has_root};
}

// "kernel 50, initrd files 1, ...; load 60, run 120", in MiB, terms of nothing left out.
std::string Shown(const CrashEstimate& estimate) {
  std::string text;
  for (const CrashTerm& term : estimate.terms) {
    if (term.bytes != 0) text += fmt::format("{} {:.1f}, ", term.name, double(term.bytes) / kMiB);
  }
  return text + fmt::format("load {:.1f}, run {:.1f}", double(estimate.load_bytes) / kMiB,
                            double(estimate.run_bytes) / kMiB);
}

TEST(CrashEstimate, NamesEveryTerm) {
  CrashNeed need = Need(51 << 10, 40 << 10, 120 << 10, true);
  need.cpus = 4;
  EXPECT_EQ(Shown(EstimateCrash(need, 256 * kMiB)),
            "kernel 51.0, initrd files 40.0, core headers 0.0, boot data 1.0, page structures 8.0, unpacked "
            "initrd 127.5, "
            "running kernel 20.0, further CPUs 3.0, programs and drivers 40.0, load 92.0, run 290.5");
}

TEST(CrashEstimate, WithoutRootFilesMayFillHalfOfMemoryOnly) {
  const CrashNeed need = Need(51 << 10, 40 << 10, 120 << 10, false);
  const CrashEstimate estimate = EstimateCrash(need, 256 * kMiB);
  EXPECT_EQ(estimate.terms.back().name, "half left free");
  // 51 + 40 + 1 + 8 before the unpacking, and twice 127.5.
  EXPECT_EQ(estimate.run_bytes, 355 * kMiB + 4096);
  // Where programs need as much as the files, the limit costs nothing.
  EXPECT_EQ(EstimateCrash(Need(51 << 10, 1 << 10, 2 << 10, false), 128 * kMiB).terms.back().bytes, 0U);
}

struct Measured {
  std::string_view name;
  uint64_t kernel_kib, initrd_kib, unpacked_kib;
  bool has_root;
  uint64_t smallest_mib;      // bench/README.md
  uint64_t recommended_mib;   // what we say
  uint64_t silent_below_mib;  // so much less than the smallest is not told
};

class SmallestCrashkernel : public ::testing::TestWithParam<Measured> {};

TEST_P(SmallestCrashkernel, IsBelowTheRecommendationAndNotBelowHalfOfIt) {
  const Measured& row = GetParam();
  const uint64_t recommended =
      RecommendedCrashBytes(Need(row.kernel_kib, row.initrd_kib, row.unpacked_kib, row.has_root));
  EXPECT_EQ(recommended / kMiB, row.recommended_mib);
  EXPECT_GE(recommended, row.smallest_mib * kMiB);
  EXPECT_LE(recommended, 2 * row.smallest_mib * kMiB);
}

TEST_P(SmallestCrashkernel, RaisesNoAlarmAndOneBelowItDoes) {
  const Measured& row = GetParam();
  const CrashNeed need = Need(row.kernel_kib, row.initrd_kib, row.unpacked_kib, row.has_root);
  const uint64_t smallest = row.smallest_mib * kMiB;
  EXPECT_LE(EstimateCrash(need, smallest).least_bytes, smallest);
  const uint64_t told = (row.smallest_mib - row.silent_below_mib - 1) * kMiB;
  EXPECT_GT(EstimateCrash(need, told).least_bytes, told);
}

constexpr Measured kMeasured[] = {
    {"busybox_6_1", 52704, 1069, 1946, false, 76, 128, 8},
    {"busybox_6_12", 57200, 1069, 1946, false, 72, 128, 0},
    {"ballast_6_1_in_half_of_memory", 52704, 41455, 123802, false, 336, 368, 1},
    {"ballast_6_12_in_half_of_memory", 57200, 41455, 123802, false, 340, 368, 2},
    {"ballast_6_1", 52704, 41455, 123802, true, 236, 304, 8},
    {"ballast_6_12", 57200, 41455, 123802, true, 232, 304, 0},
    {"initramfs_tools_6_1", 52704, 6340, 15974, true, 96, 144, 12},
    {"dracut_6_1", 52704, 9871, 26522, true, 112, 160, 16},
    {"initramfs_tools_6_12", 57200, 6332, 16029, true, 88, 160, 0},
    {"dracut_6_12", 57200, 9372, 24704, true, 104, 160, 5},
    {"initramfs_tools_7_3", 61668, 6339, 16077, true, 104, 160, 11},
    {"dracut_7_3", 61668, 9338, 24576, true, 120, 176, 17},
    {"busybox_7_3", 61668, 1942, 1942, true, 88, 144, 12},
};
INSTANTIATE_TEST_SUITE_P(Guests, SmallestCrashkernel, ::testing::ValuesIn(kMeasured),
                         [](const auto& row) { return std::string(row.param.name); });

// kdump-tools' own crashkernel=384M-:128M on a machine of 1 GiB saved the dump, and "needs about 141 MiB" was
// said at every load.
TEST(CrashEstimate, OfADistributionsDefaultRaisesNoAlarm) {
  const CrashNeed need = Need(52704, 6340, 15974, true);
  const CrashEstimate estimate = EstimateCrash(need, 128 * kMiB);
  EXPECT_EQ(estimate.run_bytes / kMiB, 141u);
  EXPECT_LE(estimate.least_bytes, 128 * kMiB);
}

RC_GTEST_PROP(CrashEstimate, TheRecommendationIsEnoughAndTheNextSmallerOneIsNot, ()) {
  CrashNeed need;
  need.kernel_bytes = *rc::gen::inRange<uint64_t>(0, uint64_t{1} << 40);
  need.initrd_bytes = *rc::gen::inRange<uint64_t>(0, uint64_t{1} << 40);
  need.unpacked_bytes = *rc::gen::inRange<uint64_t>(0, uint64_t{1} << 40);
  need.cpus = *rc::gen::inRange<uint64_t>(0, 65536);
  need.has_root = *rc::gen::arbitrary<bool>();
  const uint64_t recommended = RecommendedCrashBytes(need);
  RC_ASSERT(recommended % (16 * kMiB) == 0U);
  RC_ASSERT(EstimateCrash(need, recommended).run_bytes <= recommended);
  const uint64_t smaller = recommended - 16 * kMiB;
  RC_ASSERT(EstimateCrash(need, smaller).run_bytes > smaller);
}

RC_GTEST_PROP(CrashEstimate, AnyClaimHasAnAnswer,
              (uint64_t kernel, uint64_t initrd, uint64_t unpacked, uint64_t cpus)) {
  const CrashNeed need{kernel, initrd, unpacked, 0, cpus, unpacked % 2 == 0};
  const CrashEstimate estimate = EstimateCrash(need, RecommendedCrashBytes(need));
  RC_ASSERT(estimate.load_bytes <= estimate.least_bytes);
  RC_ASSERT(estimate.least_bytes <= estimate.run_bytes);
  for (const CrashTerm& term : estimate.terms) RC_ASSERT(term.bytes <= estimate.run_bytes);
}

TEST(RecommendedCrashBytes, OfImpossibleClaimsIsTheLargestThereIs) {
  EXPECT_EQ(RecommendedCrashBytes({.unpacked_bytes = UINT64_MAX}), UINT64_MAX / (16 * kMiB) * (16 * kMiB));
}

TEST(CrashkernelValue, IsInMebibytesRoundedUp) {
  EXPECT_EQ(CrashkernelValue(128 * kMiB), "128M");
  EXPECT_EQ(CrashkernelValue(128 * kMiB + 1), "129M");
  EXPECT_FALSE(BelongsHigh(768 * kMiB - 1));
  EXPECT_TRUE(BelongsHigh(768 * kMiB));
}

}  // namespace
}  // namespace kexec
