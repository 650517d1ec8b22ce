// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/vmcore/extent_map.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

namespace kexec {
namespace {

TEST(ExtentMap, LetsTheLastOneWin) {
  ExtentMap map;
  map.Paint(0x1000, 0x1000, 0);
  map.Paint(0x1400, 0x100, 0x9000);
  EXPECT_EQ(map.Find(0x13ff)->position, 0x3ffu);
  EXPECT_EQ(map.Find(0x13ff)->bytes, 1u);
  EXPECT_EQ(map.Find(0x1400)->position, 0x9000u);
  EXPECT_EQ(map.Find(0x1500)->position, 0x500u);
  EXPECT_EQ(map.Find(0x1500)->bytes, 0xb00u);
  EXPECT_FALSE(map.Find(0x2000));
  EXPECT_FALSE(map.Find(0xfff));
  EXPECT_EQ(map.HoleAt(0xff0), 0x10u);
  EXPECT_EQ(map.End(), 0x2000u);
}

TEST(ExtentMap, ReachesTheEndOfTheAddresses) {
  ExtentMap map;
  map.Paint(0xfffffffffffff000, 0x1000, 0x100);
  ASSERT_TRUE(map.Find(~uint64_t{0}));
  EXPECT_EQ(map.Find(~uint64_t{0})->position, 0x10ffu);
  EXPECT_EQ(map.End(), ~uint64_t{0});
}

TEST(ExtentMap, LeavesOutWhatRunsOver) {
  ExtentMap map;
  map.Paint(0xfffffffffffff000, 0x1001, 0);
  map.Paint(0, 2, ~uint64_t{0});
  map.Paint(5, 0, 5);
  EXPECT_EQ(map.count(), 0u);
  EXPECT_EQ(map.End(), 0u);
}

// Against an array with one entry for each address.
TEST(ExtentMap, AnswersLikeAnArray) {
  const bool held = rc::check("find and hole", [] {
    std::array<int, 64> owner{};
    owner.fill(-1);
    ExtentMap map;
    const auto paints = *rc::gen::container<std::vector<std::pair<uint8_t, uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<uint8_t>(0, 64), rc::gen::inRange<uint8_t>(0, 65)));
    for (size_t i = 0; i < paints.size(); ++i) {
      const size_t begin = paints[i].first, size = std::min<size_t>(paints[i].second, 64 - begin);
      map.Paint(begin, size, 1000 * i + begin);
      for (size_t at = begin; at < begin + size; ++at) owner[at] = static_cast<int>(1000 * i + at);
    }
    for (size_t at = 0; at < owner.size(); ++at) {
      const auto hit = map.Find(at);
      RC_ASSERT(hit.has_value() == (owner[at] >= 0));
      const uint64_t follow = hit ? hit->bytes : map.HoleAt(at);
      for (size_t next = at; next < std::min<uint64_t>(64, follow == ~uint64_t{0} ? 64 : at + follow);
           ++next) {
        RC_ASSERT(owner[next] == (hit ? static_cast<int>(hit->position + (next - at)) : -1));
      }
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kexec
