// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/phys.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/support/ranges.h"

namespace kexec::testing {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();

TEST(PhysAddr, SumsAreChecked) {
  EXPECT_EQ(PhysAddr(5).CheckedAdd(7), PhysAddr(12));
  EXPECT_EQ(PhysAddr(UINT64_MAX).CheckedAdd(0), PhysAddr(UINT64_MAX));
  EXPECT_EQ(PhysAddr(UINT64_MAX).CheckedAdd(1), std::nullopt);
}

TEST(Alignment, IsAPowerOfTwo) {
  EXPECT_FALSE(Alignment::Make(0).has_value());
  EXPECT_FALSE(Alignment::Make(3).has_value());
  EXPECT_EQ(Alignment::Make(1ull << 63)->bytes(), 1ull << 63);
  EXPECT_EQ(kPage.Down(0x1fff), 0x1000u);
  EXPECT_EQ(kPage.Up(0x1001), 0x2000u);
  EXPECT_EQ(kPage.Up(0x1000), 0x1000u);
  EXPECT_EQ(kPage.Up(UINT64_MAX), std::nullopt);
}

TEST(PhysRange, IsNeverEmptyAndNeverWraps) {
  EXPECT_FALSE(PhysRange::FromSize(PhysAddr(1), 0).has_value());
  EXPECT_FALSE(PhysRange::FromSize(PhysAddr(2), UINT64_MAX).has_value());
  EXPECT_FALSE(PhysRange::FromBounds(PhysAddr(2), PhysAddr(2)).has_value());
  EXPECT_FALSE(PhysRange::FromInclusive(PhysAddr(3), PhysAddr(2)).has_value());
  EXPECT_EQ(PhysRange::FromInclusive(PhysAddr(2), PhysAddr(2)), Range(2, 3));
  EXPECT_EQ(PhysRange::FromInclusive(PhysAddr(2), PhysAddr(UINT64_MAX)), Range(2, UINT64_MAX));
  EXPECT_FALSE(PhysRange::FromInclusive(PhysAddr(UINT64_MAX), PhysAddr(UINT64_MAX)).has_value());
}

TEST(PhysRange, NeighboursDoNotOverlap) {
  EXPECT_FALSE(Range(0, 4).Overlaps(Range(4, 8)));
  EXPECT_TRUE(Range(0, 5).Overlaps(Range(4, 8)));
  EXPECT_EQ(Range(0, 5).Intersect(Range(4, 8)), Range(4, 5));
  EXPECT_EQ(Range(0, 4).Intersect(Range(4, 8)), std::nullopt);
  EXPECT_TRUE(Range(0, 8).Contains(Range(0, 8)));
  EXPECT_FALSE(Range(0, 8).Contains(PhysAddr(8)));
  EXPECT_EQ(ToString(Range(0x1000, 0x2000)), "[0x1000, 0x2000)");
}

TEST(PageRange, GrowsOutwardOrRefuses) {
  EXPECT_EQ(PageRange::Enclosing(Range(0x1001, 0x2001), kPage)->range(), Range(0x1000, 0x3000));
  EXPECT_EQ(PageRange::Enclosing(Range(0x1000, UINT64_MAX), kPage), std::nullopt);
  EXPECT_FALSE(PageRange::Exactly(Range(0x1000, 0x2001), kPage).has_value());
  EXPECT_FALSE(PageRange::Exactly(Range(0x1001, 0x2000), kPage).has_value());
  EXPECT_EQ(PageRange::Exactly(Range(0x1000, 0x2000), kPage)->size(), 0x1000u);
}

TEST(PhysRangeProperty, AnIntersectionIsWhatBothContain) {
  EXPECT_TRUE(rc::check("intersect agrees with contains", [] {
    const auto point = [] { return *rc::gen::inRange<uint64_t>(0, 40); };
    const auto range = [&] {
      const uint64_t begin = point();
      return Range(begin, begin + 1 + point());
    };
    const PhysRange a = range(), b = range();
    const auto both = a.Intersect(b);
    RC_ASSERT(both.has_value() == a.Overlaps(b));
    const PhysAddr at(point());
    RC_ASSERT((both && both->Contains(at)) == (a.Contains(at) && b.Contains(at)));
  }));
}

}  // namespace
}  // namespace kexec::testing
