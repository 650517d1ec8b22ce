// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever pages the allocator hands out: after the relocation every byte of the image is right, and nothing else was
// touched.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "tests/kernel/simulation.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kRamPages = 1024;  // 4 MiB, so that an image may have 512

struct Image {
  const char* name;
  std::vector<Piece> pieces;
};

std::vector<Piece> Sixteen(uint64_t begin, uint64_t pages, uint64_t gap_pages) {
  std::vector<Piece> pieces;
  for (uint64_t i = 0; i < 16; ++i)
    pieces.push_back(Full(begin + i * (pages + gap_pages) * kPage, pages * kPage));
  return pieces;
}

std::vector<Piece> WithoutContents(std::vector<Piece> pieces) {
  for (Piece& piece : pieces) piece.file_bytes = 0;
  return pieces;
}

const std::vector<Image>& Images() {
  static const std::vector<Image> images = {
      {"OnePage", {Full(0x100000, kPage)}},
      {"OneByteOfOnePage", {{0x100000, kPage, 1}}},
      {"OneSegment", {Full(0x100000, kMiB)}},
      {"FileEndsInsideAPage", {{0x0f3000, 0x145000, 0x123457}}},
      {"FileEndsAtAPage", {{0x0f3000, 0x145000, 0x123000}}},
      {"OnlyZeros", {{0x180000, kMiB, 0}}},
      {"AdjoiningSegments", {{0x100000, 0x101000, 0x100001}, Full(0x201000, 0x7f000)}},
      {"SegmentsFromTheTop",
       {Full(0x380000, 0x40000), Full(0x200000, 0x80000), {0x180000, 0x41000, 5000}, Full(0x1000, 0x9000)}},
      {"SixteenSegments", Sixteen(0x20000, 30, 30)},
      {"SixteenPagesApart", Sixteen(0x101000, 1, 1)},
      {"SixteenZeroSegments", WithoutContents(Sixteen(0xc0000, 30, 3))},
      {"HalfOfMemory", {Full(0x100000, 2 * kMiB)}},
      {"HalfOfMemoryInSixteen", Sixteen(0x1000, 32, 31)},
      {"BehindManagedMemory", {Full(kRamPages * kPage - 0x20000, 0x80000)}},
  };
  return images;
}

constexpr const char* kOrderNames[] = {"Ascending",        "Descending",           "Random",
                                       "DestinationFirst", "DestinationBackwards", "DestinationLast",
                                       "Interleaved"};
static_assert(std::size(kOrderNames) == kPageOrders);

// The order of the pages, the largest free block, and how many of the free pages a load cannot take by their place;
// memory in pieces has busy pages, too.
class RelocationTest : public ::testing::TestWithParam<std::tuple<int, unsigned, unsigned>> {
 protected:
  MachineConfig Config() const {
    const auto [order, max_order, hidden_percent] = GetParam();
    return {.pages = kRamPages,
            .order = static_cast<PageOrder>(order),
            .seed = max_order + 1,
            .max_order = max_order,
            .busy_percent = max_order == kMaxOrder ? 0u : 20u,
            .hidden_percent = hidden_percent};
  }
};

TEST_P(RelocationTest, EveryByteArrives) {
  for (const Image& image : Images()) {
    SCOPED_TRACE(image.name);
    Simulation simulation(Config(), image.pieces);
    ASSERT_EQ(simulation.Load(), 0) << MachineLog();
    simulation.ExpectRestUntouched();
    simulation.ExpectGoodImage();
  }
}

INSTANTIATE_TEST_SUITE_P(AnyMemory, RelocationTest,
                         ::testing::Combine(::testing::Range(0, static_cast<int>(kPageOrders)),
                                            ::testing::Values(0u, unsigned{kMaxOrder}),
                                            ::testing::Values(0u, 50u, 100u)),
                         [](const auto& test) {
                           return std::string(kOrderNames[static_cast<size_t>(std::get<0>(test.param))]) +
                                  "BlocksUpTo" + std::to_string(std::get<1>(test.param)) + "Hidden" +
                                  std::to_string(std::get<2>(test.param));
                         });

uint64_t PagesToCopy(const PageList& list) {
  uint64_t pages = 0;
  for (const Copy& copy : list.copies) pages += copy.source == copy.destination ? 0 : copy.pages;
  return pages;
}

uint64_t BusyDestinations(const std::vector<Piece>& pieces) {
  uint64_t pages = 0;
  for (const Piece& piece : pieces) {
    for (uint64_t at = piece.begin; at < piece.end(); at += kPage) {
      pages += at >= kRamPages * kPage || MachineBusy(at / kPage);
    }
  }
  return pages;
}

// What is free at its destination stays there, to the last page and whatever the allocator would hand out next.
TEST(FreeDestinations, AreNotCopied) {
  if (!KernelIsPatched()) GTEST_SKIP() << "true of the patched kernel only";
  for (const Image& image : Images()) {
    for (int order = 0; order < kPageOrders; ++order) {
      for (const unsigned busy_percent : {0u, 20u}) {
        SCOPED_TRACE(std::string(image.name) + ", " + kOrderNames[order] + ", busy " +
                     std::to_string(busy_percent));
        const MachineConfig config{.pages = kRamPages,
                                   .order = static_cast<PageOrder>(order),
                                   .seed = busy_percent + 1,
                                   .max_order = kMaxOrder,
                                   .busy_percent = busy_percent};
        Simulation simulation(config, image.pieces);
        ASSERT_EQ(simulation.Load(), 0) << MachineLog();
        EXPECT_EQ(PagesToCopy(simulation.List()), BusyDestinations(image.pieces));
      }
    }
  }
}

}  // namespace
}  // namespace kexec::testing
