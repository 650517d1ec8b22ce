// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/page_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

constexpr Alignment kPage = Alignment::Of<4096>();

LoadPiece Piece(uint64_t address, size_t filled, uint64_t memory_size, unsigned seed = 1) {
  return {PhysAddr(address), address + 0x1000000000, Pattern(filled, seed), memory_size};
}

std::vector<PhysRange> RangesOf(const std::vector<LoadPiece>& pieces) {
  std::vector<PhysRange> ranges;
  for (const LoadPiece& piece : pieces)
    ranges.push_back(*PhysRange::FromSize(piece.address, piece.memory_size));
  return ranges;
}

// The byte at `address` as the pieces say: zero beyond a piece's contents.
int ByteAt(const std::vector<LoadPiece>& pieces, uint64_t address) {
  for (const LoadPiece& piece : pieces) {
    const uint64_t begin = piece.address.raw();
    if (address < begin || address >= begin + piece.memory_size) continue;
    const uint64_t offset = address - begin;
    return offset < piece.contents.size() ? std::to_integer<int>(piece.contents.view()[offset]) : 0;
  }
  return -1;
}

TEST(PagePieces, LeavesAloneWhatIsApart) {
  const std::vector<LoadPiece> pieces = {Piece(0x1000, 0x800, 0x1000), Piece(0x3000, 0x1801, 0x2000, 2)};
  const auto apart = PagePieces(pieces, kPage, 16);
  ASSERT_TRUE(apart.has_value());
  EXPECT_THAT(RangesOf(*apart), ElementsAre(Range(0x1000, 0x2000), Range(0x3000, 0x5000)));
  EXPECT_EQ(apart->at(1).contents.view().data(), pieces[1].contents.view().data());  // not copied
}

TEST(PagePieces, JoinsWhatSharesAPage) {
  const std::vector<LoadPiece> pieces = {Piece(0x1010, 0x20, 0x20), Piece(0x1800, 0x900, 0xa00, 2),
                                         Piece(0x2300, 0x10, 0x2000, 3), Piece(0x8000, 0, 0x1000)};
  const auto apart = PagePieces(pieces, kPage, 16);
  ASSERT_TRUE(apart.has_value());
  EXPECT_THAT(RangesOf(*apart), ElementsAre(Range(0x1000, 0x4300), Range(0x8000, 0x9000)));
  for (uint64_t address = 0x1000; address < 0x4300; ++address) {
    ASSERT_EQ(ByteAt(*apart, address), std::max(ByteAt(pieces, address), 0)) << address;
  }
  EXPECT_EQ(apart->front().virtual_address, 0x1000001000u);
  EXPECT_TRUE(apart->back().contents.empty());
}

TEST(PagePieces, JoinsAcrossTheNarrowestGapsWhereThereAreTooMany) {
  const std::vector<LoadPiece> pieces = {Piece(0x1000, 1, 0x1000), Piece(0x5000, 1, 0x1000, 2),
                                         Piece(0x7000, 1, 0x1000, 3), Piece(0x20000, 1, 0x1000, 4)};
  EXPECT_THAT(RangesOf(PagePieces(pieces, kPage, 3).value()),
              ElementsAre(Range(0x1000, 0x2000), Range(0x5000, 0x8000), Range(0x20000, 0x21000)));
  EXPECT_THAT(RangesOf(PagePieces(pieces, kPage, 2).value()),
              ElementsAre(Range(0x1000, 0x8000), Range(0x20000, 0x21000)));
  const auto one = PagePieces(pieces, kPage, 0).value();
  EXPECT_THAT(RangesOf(one), ElementsAre(Range(0x1000, 0x21000)));
  EXPECT_EQ(ByteAt(one, 0x20000), ByteAt(pieces, 0x20000));
  EXPECT_EQ(ByteAt(one, 0x7000), ByteAt(pieces, 0x7000));
}

TEST(PagePieces, DoesNotTakeEndlessMemoryToJoin) {
  const std::vector<LoadPiece> pieces = {Piece(0x1000, 1, 0x1000), Piece(0x80000000000, 1, 0x1000)};
  EXPECT_EQ(MessageOf(PagePieces(pieces, kPage, 1)),
            "the kernel is in 2 pieces that lie too far apart: to load it as 1 takes more than 0x8000000 "
            "bytes of zeros "
            "between them, up to 0x80000000000");
  // No gap is large, together they are: 60 pieces 16 MiB apart.
  std::vector<LoadPiece> many;
  for (uint64_t i = 0; i < 60; ++i) many.push_back(Piece(0x1000000 * (i + 1), 0x1000, 0x1000));
  EXPECT_EQ(MessageOf(PagePieces(many, kPage, 12)),
            "the kernel is in 60 pieces that lie too far apart: to load it as 12 takes more than 0x8000000 "
            "bytes of zeros "
            "between them, up to 0x3c000000");
  const std::vector<LoadPiece> empty_tail = {Piece(0x1000, 1, 0x1000), Piece(0x80000000000, 0, 0x1000)};
  EXPECT_THAT(RangesOf(PagePieces(empty_tail, kPage, 1).value()), ElementsAre(Range(0x1000, 0x80000001000)));
}

TEST(ExtentOf, GoesFromTheFirstToTheLastByte) {
  EXPECT_EQ(ExtentOf({Piece(0x1234, 1, 2), Piece(0x5000, 0, 0x11)}), Range(0x1234, 0x5011));
}

}  // namespace
}  // namespace kexec::testing
