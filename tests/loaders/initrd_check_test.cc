// SPDX-License-Identifier: GPL-2.0-or-later
// What people are told about an initrd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "loaders/initrd.h"
#include "tests/support/archive_builder.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

// The warning about `file`, which must be one and the only thing said; or the refusal.
std::string Said(const ByteVector& file, GzipCheck gzip = GzipCheck::kTrailer) {
  RecordingDiagnostics diagnostics;
  const auto result = CheckInitrd(file, "initrd.img", diagnostics, gzip);
  const std::vector<std::string> warnings = diagnostics.TakeWarnings();
  if (!result) {
    EXPECT_EQ(result.error().code(), Errc::kMalformed);
    return result.error().message();
  }
  EXPECT_LE(warnings.size(), 1U);
  return warnings.empty() ? "nothing" : warnings[0];
}

ByteVector Fixture(std::string_view suffix) {
  std::ifstream file(fmt::format("{}/tests/loaders/fixtures/archive.cpio.{}", KEXEC_SOURCE_DIR, suffix),
                     std::ios::binary);
  EXPECT_TRUE(file.is_open());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return BytesOf(text);
}

constexpr std::string_view kAccepted =
    "; the kernel unpacks cpio archives (cpio -H newc), plain or compressed by gzip, bzip2, lzma, xz, lzop, "
    "lz4 -l or "
    "zstd";

TEST(CheckInitrd, SaysNothingAboutAGoodOne) {
  EXPECT_EQ(Said(SmallCpio()), "nothing");
  EXPECT_EQ(Said(SmallCpio() + Fixture("zst")), "nothing");
  for (const char* suffix : {"crc32.xz", "zst", "legacy.lz4", "bz2", "lzo", "lzma"}) {
    EXPECT_EQ(Said(Fixture(suffix)), "nothing") << suffix;
  }
}

TEST(CheckInitrd, NotesWhatItFound) {
  RecordingDiagnostics diagnostics;
  ASSERT_EQ(MessageOf(CheckInitrd(SmallCpio() + Zeros(12) + Fixture("zst"), "i", diagnostics)), "success");
  EXPECT_THAT(diagnostics.notes(), ElementsAre("initrd 'i': cpio archive at 0x0, 0xfc bytes",
                                               "initrd 'i': zstd archive at 0x108, 0x6a4 bytes"));
}

TEST(CheckInitrd, NamesTheCutArchiveItsOffsetAndWhatIsMissing) {
  EXPECT_EQ(Said(Cut(Fixture("zst"), 1000)),
            "initrd 'initrd.img' is cut short: the zstd archive at 0x0 ends inside a block at 0xc");
  EXPECT_EQ(Said(SmallCpio() + Cut(Fixture("crc32.xz"), 1000)),
            "initrd 'initrd.img' is cut short: the xz archive at 0xfc ends without its index and footer");
  EXPECT_EQ(Said(Cut(Fixture("bz2"), 1000)),
            "initrd 'initrd.img' is cut short: the bzip2 archive at 0x0 ends without its end mark");
  EXPECT_EQ(Said(Cut(Fixture("legacy.lz4"), 1000)),
            "initrd 'initrd.img' is cut short: the lz4 archive at 0x0 ends inside a block at 0x8");
  EXPECT_EQ(Said(Cut(Fixture("lzo"), 30)),
            "initrd 'initrd.img' is cut short: the lzop archive at 0x0 ends inside its header at 0x15");
  EXPECT_EQ(Said(Cut(CpioBuilder().File("usr/bin/busybox", std::string(5000, 'x')).Build(), 2000)),
            "initrd 'initrd.img' is cut short: the cpio archive at 0x0 ends inside its member "
            "'usr/bin/busybox': 0x1388 "
            "bytes of data from 0x80 on, 0x750 are there");
  EXPECT_EQ(
      Said(Cut(SmallCpio(), 50)),
      "initrd 'initrd.img' is cut short: the cpio archive at 0x0 ends inside the header of a member at 0x0");
  EXPECT_EQ(Said(Cut(Gzip(SmallCpio()), 40)),
            "initrd 'initrd.img' is cut short: the gzip archive at 0x0 ends inside its compressed data");
}

TEST(CheckInitrd, NamesDamage) {
  EXPECT_EQ(Said(CpioBuilder().File("init", "x").Build() + BytesOf(std::string(200, '?'))),
            "initrd 'initrd.img' is damaged: the cpio archive at 0x0 has no member header at 0x78, where the "
            "next one "
            "should start");
  ByteVector gzip = Gzip(SmallCpio());
  gzip[gzip.size() - 8] ^= std::byte{1};
  EXPECT_EQ(
      Said(gzip, GzipCheck::kInflate),
      fmt::format(
          "initrd 'initrd.img' is damaged: the gzip archive at 0x0 cannot be inflated at {:#x} (incorrect "
          "data check)",
          gzip.size() - 4));
}

TEST(CheckInitrd, MemberNamesCannotCarryTerminalSequences) {
  EXPECT_EQ(Said(Cut(CpioBuilder().File("\x1b[2Jx", std::string(100, 'x')).Build(), 150)),
            "initrd 'initrd.img' is cut short: the cpio archive at 0x0 ends inside its member '?[2Jx': 0x64 "
            "bytes of data "
            "from 0x74 on, 0x22 are there");
}

TEST(CheckInitrd, WarnsAboutFilesThatAreNoArchive) {
  const auto looks = [](std::string_view what) {
    return fmt::format("initrd 'initrd.img' looks like {}{}", what, kAccepted);
  };
  EXPECT_EQ(Said(BytesOf("hello\n")), looks("text"));
  EXPECT_EQ(Said(BytesOf("hsqs") + Zeros(100) + BytesOf("x")), looks("a squashfs file system"));
  EXPECT_EQ(Said(BytesOf("\x27\x05\x19\x56") + Fixture("zst")), looks("a U-Boot image (uImage)"));
  EXPECT_EQ(Said(BytesOf("070707000000")), looks("a cpio archive of the old portable format"));
  EXPECT_EQ(Said(BytesOf("\x7f"
                         "ELF")),
            looks("an ELF file cut off inside its header"));
  EXPECT_EQ(Said(Zeros(0x438) + BytesOf("\x53\xef")), looks("an ext2, ext3 or ext4 file system"));
  EXPECT_EQ(Said(Zeros(512)), "initrd 'initrd.img' holds no archive, only zero bytes");
}

TEST(CheckInitrd, NoticesAKernelInTheInitrdsPlace) {
  EXPECT_EQ(Said(BzImageBuilder().Pe().BuildBytes()),
            "initrd 'initrd.img' is a bzImage kernel: were kernel and initrd swapped?");
}

TEST(CheckInitrd, WarnsAboutRubbishBehindTheArchives) {
  EXPECT_EQ(Said(SmallCpio() + BytesOf("rubbish")),
            "initrd 'initrd.img': the 0x7 bytes from 0xfc on are no archive; the kernel unpacks only what is "
            "before");
}

TEST(CheckInitrd, WarnsAboutArchivesTheKernelWillNotUnpack) {
  EXPECT_EQ(Said(Fixture("frame.lz4")),
            "initrd 'initrd.img': the lz4 frame archive at 0x0 is an LZ4 frame, which the kernel does not "
            "unpack: it takes "
            "the legacy format (lz4 -l)");
  EXPECT_EQ(Said(Fixture("crc64.xz")),
            "initrd 'initrd.img': the xz archive at 0x0 uses the integrity check CRC-64, which the kernel "
            "does not take "
            "(use xz --check=crc32)");
}

TEST(CheckInitrd, WarnsAboutArchivesTheKernelDoesNotFindWhereTheyBegin) {
  const std::string unaligned =
      "does not begin at a multiple of 4: the kernel unpacks neither it nor what follows (put zero bytes "
      "before it, or give it as another --initrd)";
  const ByteVector gzip = Gzip(SmallCpio());
  const uint64_t to_four = (4 - gzip.size() % 4) % 4;
  EXPECT_EQ(Said(gzip + Zeros(to_four) + SmallCpio()), "nothing");
  EXPECT_EQ(
      Said(gzip + Zeros(to_four + 1) + SmallCpio()),
      fmt::format("initrd 'initrd.img': the cpio archive at {:#x} {}", gzip.size() + to_four + 1, unaligned));
  EXPECT_EQ(Said(SmallCpio() + Zeros(4) + gzip), "nothing");
  EXPECT_EQ(Said(SmallCpio() + Zeros(3) + gzip),
            fmt::format("initrd 'initrd.img': the gzip archive at 0xff {}", unaligned));
  EXPECT_EQ(Said(Fixture("zst") + Zeros(3) + gzip), "nothing");  // only cpio is looked for by fours
}

TEST(CheckInitrd, WarnsAboutWhatStandsBehindLz4WithoutAGap) {
  const ByteVector lz4 = Fixture("legacy.lz4");
  EXPECT_EQ(Said(lz4 + Zeros(4) + Fixture("zst")), "nothing");
  for (const char* next : {"zst", "bz2", "crc32.xz"}) {
    EXPECT_THAT(Said(lz4 + Fixture(next)),
                ::testing::EndsWith(fmt::format(
                    " archive at {:#x} without a gap, which the kernel takes for a block of it and does not "
                    "unpack: put 4 zero bytes or more between them, or give that archive as another --initrd",
                    lz4.size())))
        << next;
  }
  EXPECT_THAT(Said(lz4 + Gzip(SmallCpio())), ::testing::HasSubstr("is followed by the gzip archive at"));
}

TEST(CheckInitrd, WarnsAboutZstdTheKernelDoesNotTake) {
  const auto said = [](std::string_view what) {
    return fmt::format("initrd 'initrd.img': the zstd archive at 0x0 {}", what);
  };
  const ByteVector skippable = BytesOf(std::string_view("\x50\x2a\x4d\x18\x04\0\0\0abcd", 12));
  EXPECT_EQ(Said(skippable + Fixture("zst")),
            said("is a skippable frame, which the kernel does not know: it unpacks nothing from there on "
                 "(compress with zstd -T0, not pzstd)"));
  // One raw block of no bytes, the last; the window is 2^(10 + exponent) and eighths of it.
  const auto frame = [](std::string_view header) {
    return BytesOf("\x28\xb5\x2f\xfd") + BytesOf(header) + BytesOf(std::string_view("\x01\0\0", 3));
  };
  EXPECT_EQ(Said(frame(std::string_view("\0\x88", 2))), "nothing");  // 128 MiB
  EXPECT_EQ(
      Said(frame(std::string_view("\0\x89", 2))),
      said("needs a window of 144 MiB, the kernel takes at most 128 MiB and unpacks neither this nor what "
           "follows (use zstd --long=27 or less)"));
  EXPECT_EQ(
      Said(frame(std::string_view("\x01\x40\x07", 3))),
      said("needs a dictionary, which the kernel does not have: it unpacks neither this nor what follows "
           "(compress without zstd -D)"));
}

TEST(CheckInitrd, WarnsAboutXzFiltersTheKernelDoesNotTake) {
  EXPECT_EQ(Said(Fixture("x86.xz")), "nothing");
  EXPECT_EQ(
      Said(Fixture("delta.xz")),
      "initrd 'initrd.img': the xz archive at 0x0 uses the filter delta, which the kernel does not take (use "
      "xz --check=crc32 --lzma2)");
  EXPECT_EQ(
      Said(Fixture("arm64.xz")),
      "initrd 'initrd.img': the xz archive at 0x0 uses the ARM64 filter, which kernels before Linux 6.12 do "
      "not take (use xz --check=crc32 --lzma2)");
}

TEST(CheckInitrd, WarnsAboutContentsThatAreNoCpioArchive) {
  EXPECT_EQ(
      Said(Gzip(BytesOf("#!/bin/sh\necho a script, no archive\n"))),
      "initrd 'initrd.img': the gzip archive at 0x0 does not hold a cpio archive, its contents look like "
      "a script: the kernel unpacks neither it nor what follows (pack with cpio -H newc, each archive in one "
      "stream)");
  EXPECT_EQ(Said(Gzip(SmallCpio())), "nothing");
}

TEST(CheckInitrd, WarnsAboutAnArchiveWithoutEndMark) {
  EXPECT_EQ(Said(CpioBuilder().File("init", "x").Build()),
            "initrd 'initrd.img': the cpio archive at 0x0 has no end mark (a member named TRAILER!!!): the "
            "kernel takes it, "
            "but it may be cut short");
}

}  // namespace
}  // namespace kexec::testing
