// SPDX-License-Identifier: GPL-2.0-or-later
// The fake itself: whatever order the pages come in, the bytes arrive.
#include "tests/support/fake_kernel.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/support/ranges.h"

namespace kexec::testing {
namespace {

std::vector<std::byte> Pattern(size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed * 97 + i / 4096) & 0xff);
  return bytes;
}

TEST(FakeKernelProperty, EverySegmentArrivesWhateverTheOrderOfPages) {
  EXPECT_TRUE(rc::check("boot copies each byte and clears each tail", [] {
    const auto order = *rc::gen::element(PageOrder::kAscending, PageOrder::kDescending, PageOrder::kRandom,
                                         PageOrder::kDestinationFirst);
    const auto seed = *rc::gen::inRange<uint64_t>(1, 100'000);
    FakeKernel kernel(
        {.ram = {Range(0x1000, 0x80000), Range(0x100000, 0xd00000)}, .order = order, .seed = seed});
    std::vector<std::vector<std::byte>> contents;
    std::vector<RawSegment> segments;
    uint64_t at = *rc::gen::element<uint64_t>(0x1000, 0x100000, 0x300000);
    for (unsigned i = 0; i < 5; ++i) {
      const auto pages = *rc::gen::inRange<uint64_t>(1, i == 0 ? 700 : 20);
      if (at == 0x1000 && pages > 100) at = 0x100000;
      contents.push_back(Pattern(*rc::gen::inRange<uint64_t>(0, pages * 4096 + 1), i));
      segments.push_back({contents.back().data(), contents.back().size(), at, pages * 4096});
      at += (pages + *rc::gen::inRange<uint64_t>(0, 3)) * 4096;
    }
    RC_ASSERT(kernel.KexecLoad(segments[0].mem, segments, 62u << 16) == 0);
    for (const RawSegment& segment : segments) {  // loading must not have touched anything the caller can see
      RC_ASSERT(segment.bufsz <= segment.memsz);
    }
    RC_ASSERT(kernel.Boot() == PhysAddr(segments[0].mem));
    for (size_t i = 0; i < segments.size(); ++i) {
      auto expected = contents[i];
      expected.resize(segments[i].memsz, std::byte{0});
      RC_ASSERT(kernel.memory().Read(PhysAddr(segments[i].mem), segments[i].memsz) == expected);
    }
  }));
}

TEST(FakeKernel, CrashImagesLieInPlaceAtOnce) {
  FakeKernel kernel({.ram = {Range(0x1000, 0x100000)}, .crash_region = Range(0x10000, 0x20000)});
  const auto bytes = Pattern(5000, 1);
  const RawSegment segment{bytes.data(), bytes.size(), 0x10000, 0x2000};
  EXPECT_EQ(kernel.KexecLoad(0x10000, std::span(&segment, 1), kKexecOnCrash | 62u << 16), 0);
  EXPECT_TRUE(kernel.crash_loaded());
  EXPECT_FALSE(kernel.loaded());
  auto expected = bytes;
  expected.resize(0x2000, std::byte{0});
  EXPECT_EQ(kernel.memory().Read(PhysAddr(0x10000), 0x2000), expected);
}

TEST(FakeKernel, ARefusedCrashLoadHasDroppedTheImageBefore) {
  FakeKernel kernel({.ram = {Range(0x1000, 0x100000)}, .crash_region = Range(0x10000, 0x20000)});
  const auto bytes = Pattern(1, 1);
  RawSegment segment{bytes.data(), bytes.size(), 0x10000, 0x2000};
  ASSERT_EQ(kernel.KexecLoad(0x10000, std::span(&segment, 1), kKexecOnCrash), 0);
  segment.mem = 0x1f000;
  EXPECT_EQ(kernel.KexecLoad(0x10000, std::span(&segment, 1), kKexecOnCrash), EADDRNOTAVAIL);
  EXPECT_FALSE(kernel.crash_loaded());
}

TEST(FakeKernel, RunsOutOfMemoryWithENOMEM) {
  FakeKernel kernel({.ram = {Range(0x1000, 0x9000)}, .total_ram_pages = 1000});
  const auto bytes = Pattern(1, 1);
  const RawSegment segment{bytes.data(), bytes.size(), 0x1000, 0x10000};
  EXPECT_EQ(kernel.KexecLoad(0x1000, std::span(&segment, 1), 62u << 16), ENOMEM);
  EXPECT_FALSE(kernel.loaded());
}

TEST(FakeKernel, CountsLoadsAndPublishesWhatIsLoaded) {
  ScratchRoot scratch;
  FakeKernel kernel({.ram = {Range(0x1000, 0x100000)}});
  kernel.Publish(&scratch);
  kernel.SetLoadLimits(2, 0);
  const auto bytes = Pattern(1, 1);
  const RawSegment segment{bytes.data(), bytes.size(), 0x1000, 0x1000};
  EXPECT_EQ(kernel.KexecLoad(0x1000, std::span(&segment, 1), 62u << 16), 0);
  EXPECT_EQ(*scratch.root().ReadLine("sys/kernel/kexec_loaded"), "1");
  EXPECT_EQ(kernel.KexecLoad(0, {}, 62u << 16), 0);
  EXPECT_EQ(*scratch.root().ReadLine("sys/kernel/kexec_loaded"), "0");
  EXPECT_EQ(kernel.KexecLoad(0, {}, 62u << 16), EPERM);
  EXPECT_EQ(kernel.KexecLoad(0, {}, kKexecOnCrash | 62u << 16), EPERM);
  EXPECT_EQ(kernel.Boot(), std::nullopt);
}

}  // namespace
}  // namespace kexec::testing
