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
  // One raw block of 5 bytes and a compressed one of 50000.
  const ByteVector file =
      BytesOf(std::string_view("\x28\xb5\x2f\xfd\x00\x38\x28\0\0abcde\x85\x1a\x06", 17)) + Zeros(50000);
  EXPECT_EQ(Shown(file), fmt::format("about {} (number of zstd blocks)", 5 + (128 << 10)));
  // The tests' archive shrinks more than any real one.
  const ByteVector fixture = Fixture("nocheck.zst");
  EXPECT_EQ(Shown(fixture), fmt::format("about {} (6 times the zstd archive)", 6 * fixture.size()));
}

TEST(UnpackedSize, OfZstdWithManySmallBlocksIsGuessed) {
  // No content size, window of 1 KiB to the power 7, 100 compressed blocks of 1000 bytes and a last one.
  ByteVector file = BytesOf(std::string_view("\x28\xb5\x2f\xfd\x00\x38", 6));
  for (int i = 0; i < 100; ++i) file = file + BytesOf("\x44\x1f") + Zeros(1 + 1000);
  file = file + BytesOf(std::string_view("\x45\x1f\0", 3)) + Zeros(1000);
  EXPECT_EQ(Shown(file), fmt::format("about {} (6 times the zstd archive)", 6 * file.size()));
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
