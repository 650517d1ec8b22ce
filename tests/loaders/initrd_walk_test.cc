// SPDX-License-Identifier: GPL-2.0-or-later
// Where each archive in an initrd ends: whole, cut at every byte, one behind the other.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "loaders/initrd.h"
#include "tests/support/archive_builder.h"

namespace kexec::testing {
namespace {

ByteVector Fixture(std::string_view suffix) {
  const auto path = std::filesystem::path(KEXEC_SOURCE_DIR) / "tests/loaders/fixtures" /
                    fmt::format("archive.cpio.{}", suffix);
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return BytesOf(text);
}

// "cpio@0+0x80 complete, gzip@0x200+0x40 truncated", easy to compare.
std::string Shown(const ByteVector& file, GzipCheck gzip = GzipCheck::kTrailer) {
  constexpr std::string_view kWords[] = {"complete", "likely", "unchecked", "truncated", "damaged"};
  std::string shown;
  for (const ArchiveMember& member : WalkInitrd(file, gzip)) {
    shown += fmt::format("{}{}@{:#x}+{:#x} {}", shown.empty() ? "" : ", ", ArchiveFormatName(member.format),
                         member.offset, member.size, kWords[static_cast<size_t>(member.completeness)]);
  }
  return shown;
}

struct Row {
  std::string_view suffix;
  std::string_view name;
};

class CompressedFormat : public ::testing::TestWithParam<Row> {};

TEST_P(CompressedFormat, IsCompleteWhenWhole) {
  const ByteVector file = Fixture(GetParam().suffix);
  EXPECT_EQ(Shown(file), fmt::format("{}@0x0+{:#x} complete", GetParam().name, file.size()));
}

TEST_P(CompressedFormat, IsTruncatedWhereverItIsCut) {
  const ByteVector file = Fixture(GetParam().suffix);
  for (size_t size = 9; size < file.size(); ++size) {
    ASSERT_EQ(Shown(Cut(file, size)), fmt::format("{}@0x0+{:#x} truncated", GetParam().name, size));
  }
}

TEST_P(CompressedFormat, IsTruncatedWhenTheRestOfTheFileIsZeros) {
  const ByteVector file = Fixture(GetParam().suffix);
  for (size_t size = 64; size + 32 < file.size(); size += 7) {
    const auto members = WalkInitrd(Cut(file, size) + Zeros(file.size() - size));
    ASSERT_FALSE(members.empty());
    // Block formats may take the zeros for the end of a block or for padding; they cannot know better.
    if (GetParam().name == "xz" || GetParam().name == "bzip2") {
      ASSERT_EQ(members[0].completeness, Completeness::kTruncated) << size;
    }
  }
}

TEST_P(CompressedFormat, EndsWhereTheNextArchiveStarts) {
  const ByteVector file = Fixture(GetParam().suffix);
  const ByteVector gap = Zeros((4 - file.size() % 4) % 4 + 8);
  const ByteVector next = SmallCpio();
  EXPECT_EQ(Shown(file + gap + next),
            fmt::format("{}@0x0+{:#x} complete, cpio@{:#x}+{:#x} complete", GetParam().name, file.size(),
                        file.size() + gap.size(), next.size()));
}

TEST_P(CompressedFormat, IsFoundBehindAnEarlyArchive) {
  const ByteVector early =
      CpioBuilder().File("kernel/x86/microcode/GenuineIntel.bin", "ucode").Trailer().Pad(512).Build();
  const ByteVector file = Fixture(GetParam().suffix);
  const std::string shown = Shown(early + file);
  EXPECT_TRUE(shown.starts_with("cpio@0x0+")) << shown;
  EXPECT_TRUE(shown.ends_with(fmt::format(", {}@0x200+{:#x} complete", GetParam().name, file.size())))
      << shown;
}

TEST_P(CompressedFormat, MayBeFollowedByAnyPadding) {
  const ByteVector file = Fixture(GetParam().suffix);
  for (size_t padding : {1U, 3U, 4U, 100U, 4096U}) {
    const std::string shown = Shown(file + Zeros(padding));
    EXPECT_EQ(shown, fmt::format("{}@0x0+{:#x} complete", GetParam().name, file.size())) << padding;
  }
}

INSTANTIATE_TEST_SUITE_P(All, CompressedFormat,
                         ::testing::Values(Row{"crc32.xz", "xz"}, Row{"crc64.xz", "xz"}, Row{"zst", "zstd"},
                                           Row{"nocheck.zst", "zstd"}, Row{"legacy.lz4", "lz4"},
                                           Row{"frame.lz4", "lz4 frame"}, Row{"bz2", "bzip2"},
                                           Row{"lzo", "lzop"}),
                         [](const auto& row) {
                           std::string name(row.param.suffix);
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

TEST(Lzma, TellsNothingAboutItsEnd) {
  const ByteVector file = Fixture("lzma");
  EXPECT_EQ(Shown(file), fmt::format("lzma@0x0+{:#x} unchecked", file.size()));
  EXPECT_EQ(Shown(Cut(file, 100)), "lzma@0x0+0x64 unchecked");
}

TEST(Cpio, IsCompleteUpToItsTrailer) {
  const ByteVector file = SmallCpio();
  EXPECT_EQ(Shown(file), fmt::format("cpio@0x0+{:#x} complete", file.size()));
  EXPECT_EQ(Shown(CpioBuilder("070702").File("a", "b").Trailer().Build()), "cpio@0x0+0xf0 complete");
  EXPECT_EQ(Shown(file + Zeros(400)), fmt::format("cpio@0x0+{:#x} complete", file.size()));
}

TEST(Cpio, IsTruncatedWhereverItIsCutExceptBetweenMembers) {
  const ByteVector first = CpioBuilder().File("init", "#!/bin/sh\n").Build();
  const ByteVector file = SmallCpio();
  const size_t end_of_data = 110 + 6 + 10;  // the padding behind data may be missing
  const size_t end_of_trailer_name = file.size() - 3;
  for (size_t size = 6; size < file.size(); ++size) {
    const bool between = size >= end_of_data && size <= first.size();
    const std::string_view word = between                       ? "unchecked"
                                  : size >= end_of_trailer_name ? "complete"
                                                                : "truncated";
    ASSERT_EQ(Shown(Cut(file, size)), fmt::format("cpio@0x0+{:#x} {}", size, word));
  }
}

TEST(Cpio, WhatIsNoHeaderWhereOneShouldBeIsDamage) {
  const ByteVector first = CpioBuilder().File("init", "#!/bin/sh\n").Build();
  EXPECT_EQ(Shown(first + Zeros(200) + BytesOf("x")), "cpio@0x0+0x149 damaged");
  ByteVector bad_digit = SmallCpio();
  bad_digit[54] = std::byte{'g'};
  EXPECT_EQ(Shown(bad_digit), fmt::format("cpio@0x0+{:#x} damaged", bad_digit.size()));
}

// "filesize" and "namesize" are 32-bit fields.
TEST(Cpio, SizesAtTheEdgesOf32BitsAreCheckedAgainstTheFile) {
  for (const size_t field : {54U, 94U}) {
    for (const std::string_view digits : {"7fffffff", "80000000", "ffffffff", "FFFFFFFC"}) {
      ByteVector file = SmallCpio();
      std::memcpy(file.data() + field, digits.data(), 8);
      ASSERT_EQ(Shown(file), fmt::format("cpio@0x0+{:#x} truncated", file.size())) << field << digits;
    }
  }
}

TEST(Initrd, SeveralArchivesStandOneBehindTheOther) {
  const ByteVector cpio = SmallCpio();
  EXPECT_EQ(Shown(cpio + cpio + Zeros(4096) + cpio),
            fmt::format("cpio@0x0+{0:#x} complete, cpio@{0:#x}+{0:#x} complete, cpio@{1:#x}+{0:#x} complete",
                        cpio.size(), 2 * cpio.size() + 4096));
}

TEST(Initrd, ZeroBytesAloneAreNoArchive) {
  EXPECT_EQ(Shown({}), "");
  EXPECT_EQ(Shown(Zeros(1)), "");
  EXPECT_EQ(Shown(Zeros(100000)), "");
}

TEST(Initrd, ABootConfigurationAtTheEndIsNotAnArchive) {
  const ByteVector cpio = SmallCpio();
  const ByteVector config = BytesOf("key = 1\n");
  const ByteVector footer = BytesOf(std::string_view("\x08\0\0\0\0\0\0\0#BOOTCONFIG\n", 20));
  EXPECT_EQ(Shown(cpio + config + footer), fmt::format("cpio@0x0+{:#x} complete", cpio.size()));
  // A size that exceeds the file makes it no boot configuration.
  const ByteVector wrong = BytesOf(std::string_view("\xff\xff\xff\xff\0\0\0\0#BOOTCONFIG\n", 20));
  EXPECT_EQ(Shown(cpio + wrong),
            fmt::format("cpio@0x0+{0:#x} complete, unknown@{0:#x}+0x14 unchecked", cpio.size()));
}

TEST(Zstd, SkippableFramesAndSeveralFramesAreWalked) {
  const ByteVector file = Fixture("zst");
  const ByteVector skippable = BytesOf(std::string_view("\x5f\x2a\x4d\x18\x03\0\0\0abc", 11));
  EXPECT_EQ(Shown(skippable + file + file),
            fmt::format("zstd@0x0+0xb complete, zstd@0xb+{0:#x} complete, zstd@{1:#x}+{0:#x} complete",
                        file.size(), 11 + file.size()));
  EXPECT_EQ(Shown(Cut(skippable, 10)), "zstd@0x0+0xa truncated");
}

TEST(Zstd, ABlockOfTheReservedTypeIsDamage) {
  // Descriptor 0x20: one segment, one byte of content size. Block header: last, type 3.
  EXPECT_EQ(Shown(BytesOf(std::string_view("\x28\xb5\x2f\xfd\x20\x01\x07\0\0", 9))), "zstd@0x0+0x9 damaged");
}

TEST(Lz4, ABlockLargerThanTheFormatAllowsIsDamage) {
  EXPECT_EQ(Shown(BytesOf(std::string_view("\x02\x21\x4c\x18\xff\xff\xff\x7f", 8))), "lz4@0x0+0x8 damaged");
}

ByteVector Noise(size_t size) {
  std::mt19937 generator(7);
  ByteVector bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(generator());
  return bytes;
}

ByteVector PaddedCpio(size_t noise) {
  const ByteVector data = Noise(noise);
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  return CpioBuilder().File("noise", text).Trailer().Pad(512).Build();
}

TEST(Gzip, IsBelievedByItsTrailerAndProvedByInflating) {
  const ByteVector file = Gzip(PaddedCpio(5000));
  EXPECT_EQ(Shown(file), fmt::format("gzip@0x0+{:#x} likely", file.size()));
  EXPECT_EQ(Shown(file, GzipCheck::kInflate), fmt::format("gzip@0x0+{:#x} complete", file.size()));
}

TEST(Gzip, WhoseTrailerDoesNotFitIsInflatedRatherThanRefused) {
  const ByteVector unpadded = Gzip(CpioBuilder().File("odd", "1").Trailer().Build());
  EXPECT_EQ(Shown(unpadded), fmt::format("gzip@0x0+{:#x} complete", unpadded.size()));
  const ByteVector tiny = Gzip(ByteVector(size_t{1} << 22));  // shrinks 1000 times
  EXPECT_EQ(Shown(tiny), fmt::format("gzip@0x0+{:#x} complete", tiny.size()));
}

TEST(Gzip, IsTruncatedWhereverItIsCut) {
  const ByteVector file = Gzip(PaddedCpio(3000));
  size_t believed = 0;
  for (size_t size = 2; size < file.size(); ++size) {
    ASSERT_EQ(Shown(Cut(file, size), GzipCheck::kInflate), fmt::format("gzip@0x0+{:#x} truncated", size));
    if (Shown(Cut(file, size)) != fmt::format("gzip@0x0+{:#x} truncated", size)) ++believed;
  }
  EXPECT_LE(believed, file.size() / 512 + 1);
}

TEST(Gzip, DamageIsFoundByInflating) {
  ByteVector file = Gzip(PaddedCpio(3000));
  file[file.size() - 6] ^= std::byte{1};  // in the CRC-32
  EXPECT_EQ(Shown(file, GzipCheck::kInflate), fmt::format("gzip@0x0+{:#x} damaged", file.size()));
}

TEST(Gzip, EndsWhereTheNextArchiveStarts) {
  const ByteVector gzip = Gzip(PaddedCpio(1000));
  const ByteVector gap = Zeros((4 - gzip.size() % 4) % 4);
  const ByteVector cpio = SmallCpio();
  EXPECT_EQ(Shown(gzip + gap + cpio), fmt::format("gzip@0x0+{:#x} complete, cpio@{:#x}+{:#x} complete",
                                                  gzip.size(), gzip.size() + gap.size(), cpio.size()));
  EXPECT_EQ(Shown(gzip + gzip, GzipCheck::kInflate),
            fmt::format("gzip@0x0+{0:#x} complete, gzip@{0:#x}+{0:#x} complete", gzip.size()));
}

}  // namespace
}  // namespace kexec::testing
