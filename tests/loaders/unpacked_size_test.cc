// SPDX-License-Identifier: GPL-2.0-or-later
// How much an initrd unpacks to, by archives that the real tools made.
#include "loaders/unpacked_size.h"

#include <gtest/gtest.h>

#include "tests/support/archive_builder.h"
#include "tests/support/read_whole.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kArchiveSize = 266240;  // of what make-archives packs

ByteVector Fixture(std::string_view suffix) {
  return ReadWhole(std::filesystem::path(KEXEC_SOURCE_DIR) / "tests/loaders/fixtures" /
                   fmt::format("archive.cpio.{}", suffix));
}

// "exactly 266240 (xz index)", easy to compare.
std::string Shown(const ByteVector& file) {
  const UnpackedSize size = MeasureUnpacked(file);
  return fmt::format("{} {} ({})", size.exact ? "exactly" : "about", size.bytes, size.source);
}

struct Row {
  std::string_view suffix;
  std::string_view source;
};

class TellingFormat : public ::testing::TestWithParam<Row> {};

TEST_P(TellingFormat, TellsTheExactSize) {
  EXPECT_EQ(Shown(Fixture(GetParam().suffix)),
            fmt::format("exactly {} ({})", kArchiveSize, GetParam().source));
}

TEST_P(TellingFormat, BehindAnEarlyArchiveAddsItsSize) {
  const ByteVector early = CpioBuilder().File("kernel/x86/microcode/GenuineIntel.bin", "u").Trailer().Build();
  EXPECT_EQ(Shown(early + Zeros(512 - early.size()) + Fixture(GetParam().suffix)),
            fmt::format("exactly {} (cpio archive, {})", early.size() + kArchiveSize, GetParam().source));
}

INSTANTIATE_TEST_SUITE_P(All, TellingFormat,
                         ::testing::Values(Row{"crc32.xz", "xz index"}, Row{"crc64.xz", "xz index"},
                                           Row{"zst", "zstd frame header"}, Row{"legacy.lz4", "lz4 blocks"},
                                           Row{"lzo", "lzop blocks"}),
                         [](const auto& row) {
                           std::string name(row.param.suffix);
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

TEST(UnpackedSize, OfACpioArchiveIsItsOwn) {
  const ByteVector file = SmallCpio();
  EXPECT_EQ(Shown(file + Zeros(400)), fmt::format("exactly {} (cpio archive)", file.size()));
}

TEST(UnpackedSize, OfNothingIsNothing) {
  EXPECT_EQ(Shown({}), "exactly 0 ()");
  EXPECT_EQ(Shown(Zeros(4096)), "exactly 0 ()");
}

TEST(UnpackedSize, OfZstdWithoutAContentSizeIsBoundedByItsBlocks) {
  constexpr uint64_t kBlocks = (kArchiveSize + (128 << 10) - 1) >> 17;
  EXPECT_EQ(Shown(Fixture("nocheck.zst")), fmt::format("about {} (number of zstd blocks)", kBlocks << 17));
}

TEST(UnpackedSize, OfBzip2IsGuessed) {
  const ByteVector file = Fixture("bz2");
  EXPECT_EQ(Shown(file), fmt::format("about {} (4 times the bzip2 archive)", 4 * file.size()));
}

// xz(1) never fills the field in, the LZMA SDK's program does.
TEST(UnpackedSize, OfLzmaIsInItsHeaderOrGuessed) {
  ByteVector file = Fixture("lzma");
  EXPECT_EQ(Shown(file), fmt::format("about {} (4 times the lzma archive)", 4 * file.size()));
  const ByteVector size = BytesOf(std::string_view("\0\x10\x04\0\0\0\0\0", 8));
  std::ranges::copy(size, file.begin() + 5);
  EXPECT_EQ(Shown(file), fmt::format("exactly {} (lzma header)", kArchiveSize));
  EXPECT_EQ(Shown(Cut(file, 12)), "about 48 (4 times the lzma archive)");
}

TEST(UnpackedSize, OfWhatTheKernelDoesNotUnpackIsTheFiles) {
  const ByteVector frame = Fixture("frame.lz4");
  EXPECT_EQ(Shown(frame), fmt::format("exactly {} (the file itself)", frame.size()));
  EXPECT_EQ(Shown(BytesOf("a file system")), "exactly 13 (the file itself)");
}

TEST(UnpackedSize, OfGzipIsInItsTrailerWhetherBelievedOrInflated) {
  const ByteVector padded = CpioBuilder().File("a", std::string(5000, 'a')).Trailer().Pad(512).Build();
  EXPECT_EQ(Shown(Gzip(padded)), fmt::format("exactly {} (gzip trailer)", padded.size()));
  const ByteVector odd = CpioBuilder().File("a", std::string(5001, 'a')).Trailer().Build();
  EXPECT_EQ(Shown(Gzip(odd)), fmt::format("exactly {} (gzip trailer)", odd.size()));
  const ByteVector gap = Zeros((4 - Gzip(odd).size() % 4) % 4);
  EXPECT_EQ(Shown(Gzip(odd) + gap + SmallCpio()),
            fmt::format("exactly {} (gzip trailer, cpio archive)", odd.size() + SmallCpio().size()));
}

// Legacy LZ4: one block that says 4 literals and no more; a full block is believed to hold 8 MiB.
TEST(UnpackedSize, OfLz4CountsFullBlocksAndLooksIntoTheLast) {
  const ByteVector magic = BytesOf("\x02\x21\x4c\x18");
  const ByteVector literals =
      BytesOf(std::string_view("\x05\0\0\0\x40"
                               "abcd",
                               9));
  EXPECT_EQ(Shown(magic + literals), "exactly 4 (lz4 blocks)");
  // Match of 4 + 15 + 255 + 3 behind one literal, then two literals.
  const ByteVector match =
      BytesOf(std::string_view("\x09\0\0\0\x1f"
                               "a\x01\0\xff\x03\x20"
                               "bc",
                               13));
  EXPECT_EQ(Shown(magic + match), "exactly 280 (lz4 blocks)");
  const ByteVector block = BytesOf(std::string_view("\0\0\x01\0", 4)) + ByteVector(0x10000, std::byte{'x'});
  EXPECT_EQ(Shown(magic + block + literals), fmt::format("exactly {} (lz4 blocks)", (8 << 20) + 4));
  EXPECT_EQ(Shown(magic + literals + magic + literals), "exactly 8 (lz4 blocks)");
}

TEST(UnpackedSize, OfADamagedLz4BlockIsABound) {
  const ByteVector magic = BytesOf("\x02\x21\x4c\x18");
  const ByteVector too_long =
      BytesOf(std::string_view("\x02\0\0\0\xf0\xff", 6));  // literals that are not there
  EXPECT_EQ(Shown(magic + too_long), "about 510 (lz4 blocks)");
}

TEST(UnpackedSize, ClaimsBeyond64BitsStopThere) {
  // A single-segment frame that claims 2^64-1 bytes, in one empty raw block.
  const ByteVector frame =
      BytesOf(std::string_view("\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0", 16));
  EXPECT_EQ(Shown(frame), fmt::format("exactly {} (zstd frame header)", UINT64_MAX));
  EXPECT_EQ(Shown(frame + frame), fmt::format("exactly {} (zstd frame header)", UINT64_MAX));
}

}  // namespace
}  // namespace kexec::testing
