// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/total_ram.h"

#include <gtest/gtest.h>

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();

TEST(TotalRamPages, CountsPages) {
  EXPECT_EQ(TotalRamPages("MemTotal:         733456 kB\nMemFree:          578848 kB\n", kPage), 733456u / 4);
  EXPECT_EQ(TotalRamPages("MemFree:          578848 kB\n", kPage), 0u);
  EXPECT_EQ(TotalRamPages("MemTotal: many kB\n", kPage), 0u);
  EXPECT_EQ(TotalRamPages("MemTotal: 12", kPage), 0u);
  EXPECT_EQ(TotalRamPages("", kPage), 0u);
  EXPECT_EQ(TotalRamPages("MemTotal:         733440 kB\n", Alignment::Of<65536>()), 733440u / 64);
}

}  // namespace
}  // namespace kexec
