// SPDX-License-Identifier: GPL-2.0-or-later
// Initrds made to cost more than their size: walks are linear, what has no end by nature has a bound, and
// what is alike is told once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "loaders/decompress.h"
#include "loaders/direct_linux.h"
#include "loaders/initrd.h"
#include "tests/support/archive_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/work.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

ByteVector Fixture(std::string_view suffix) {
  std::ifstream file(fmt::format("{}/tests/loaders/fixtures/archive.cpio.{}", KEXEC_SOURCE_DIR, suffix),
                     std::ios::binary);
  EXPECT_TRUE(file.is_open());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return BytesOf(text);
}

ByteVector Repeated(const ByteVector& bytes, size_t times) {
  ByteVector out;
  out.reserve(bytes.size() * times);
  for (size_t i = 0; i < times; ++i) out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

void PutLe32(ByteVector& out, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::byte>(value >> (8 * i));
}

uint32_t Crc(const ByteVector& bytes, size_t begin, size_t size) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data() + begin), size));
}

// An xz footer that says its index has `index_size` bytes (xz-file-format.txt, 2.1.2).
ByteVector XzFooter(size_t index_size) {
  ByteVector footer(12);
  PutLe32(footer, 4, static_cast<uint32_t>(index_size / 4 - 1));
  PutLe32(footer, 0, Crc(footer, 4, 6));
  footer[10] = std::byte{'Y'};
  footer[11] = std::byte{'Z'};
  return footer;
}

// A stream that would have `blocks` blocks of 8 bytes; those are zeros, the index is sound.
ByteVector XzStreamOf(size_t blocks) {
  ByteVector index = {std::byte{0}};
  for (size_t left = blocks; left > 0 || index.size() == 1; left >>= 7) {
    index.push_back(static_cast<std::byte>((left & 0x7f) | (left >> 7 != 0 ? 0x80 : 0)));
  }
  for (size_t i = 0; i < blocks; ++i) index.insert(index.end(), {std::byte{8}, std::byte{1}});
  index.resize((index.size() + 3) / 4 * 4);
  const size_t body = index.size();
  index.resize(body + 4);
  PutLe32(index, body, Crc(index, 0, body));
  return BytesOf(std::string_view("\xfd"
                                  "7zXZ\0\0\1\x69\x22\xde\x36",
                                  12)) +
         Zeros(blocks * 8) + index + XzFooter(index.size());
}

Work CostOfWalk(const ByteVector& file) {
  return MeasureWork([&] { return WalkInitrd(file); });
}

// Each asks whether it ends with the file: the last index is read once, not by each.
TEST(HostileInitrd, ManyXzStreamsBeforeALongOne) {
  const auto file = [](size_t times) { return Repeated(XzStreamOf(0), times) + XzStreamOf(50 * times); };
  EXPECT_EQ(WalkInitrd(file(100)).size(), 101U);
  ExpectLinear(CostOfWalk(file(500)), CostOfWalk(file(1000)));
}

TEST(HostileInitrd, XzStreamsAfterWhichFalseFootersFollow) {
  // Each footer points at an index that would begin with the file's zeros.
  const auto file = [](size_t times) {
    return XzStreamOf(times) +
           BytesOf(std::string_view("\xfd"
                                    "7zXZ\0\0\1\x69\x22\xde\x36",
                                    12)) +
           Zeros(100 * times) + Repeated(XzFooter(50 * times), times) + BytesOf("x");
  };
  EXPECT_EQ(MessageOf([&] {
              RecordingDiagnostics diagnostics;
              return CheckInitrd(file(1000), "i", diagnostics);
            }()),
            "initrd 'i' is damaged: the xz archive at 0x2730 is followed by more false footers than are "
            "looked into");
  ExpectLinear(CostOfWalk(file(1000)), CostOfWalk(file(2000)));
}

TEST(HostileInitrd, ManyEmptyArchivesCostInProportion) {
  const ByteVector kinds[] = {Gzip({}),
                              CpioBuilder().Trailer().Build(),
                              XzStreamOf(0),
                              BytesOf(std::string_view("BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0", 14)),
                              BytesOf(std::string_view("\x28\xb5\x2f\xfd\x20\0\1\0\0", 9)),
                              BytesOf(std::string_view("\x50\x2a\x4d\x18\0\0\0\0", 8)),
                              BytesOf(std::string_view("\2\x21\x4c\x18\0\0\0\0", 8))};
  for (const ByteVector& kind : kinds) {
    SCOPED_TRACE(ArchiveFormatName(WalkInitrd(kind).at(0).format));
    // Something behind them, so that none ends with the file.
    const auto file = [&](size_t times) { return Repeated(kind, times) + BytesOf(std::string(32, '0')); };
    EXPECT_EQ(WalkInitrd(file(100)).size(), 101U);
    ExpectLinear(CostOfWalk(file(1000)), CostOfWalk(file(2000)));
    EXPECT_LE(CostOfWalk(file(1000)).bytes, uint64_t{1} << 20);
  }
}

TEST(HostileInitrd, AWalkEndsBehindManyArchives) {
  const ByteVector one = BytesOf(std::string_view("\x50\x2a\x4d\x18\0\0\0\0", 8));
  EXPECT_EQ(WalkInitrd(Repeated(one, kMaxArchives)).size(), kMaxArchives);
  const ByteVector more = Repeated(one, kMaxArchives + 1000);
  const auto members = WalkInitrd(more);
  ASSERT_EQ(members.size(), kMaxArchives + 1);
  EXPECT_EQ(members.back().size, 8000U);
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(MessageOf(CheckInitrd(more, "i", diagnostics)), "success");
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(
          "initrd 'i': the zstd archive at 0x0, like 65535 others, is a skippable frame, which the kernel "
          "does not know: it unpacks nothing from there on (compress with zstd -T0, not pzstd)",
          "initrd 'i': the zstd archive at 0x80000 follows 65536 others, and nothing from there on "
          "is looked at"));
  EXPECT_EQ(diagnostics.notes().size(), 17U);
  EXPECT_EQ(diagnostics.notes().back(), "initrd 'i': 65521 archives more");
}

TEST(HostileInitrd, WhatIsOddAboutManyIsToldOnce) {
  const ByteVector frame = Fixture("frame.lz4"), crc64 = Fixture("crc64.xz");
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(MessageOf(CheckInitrd(Repeated(frame, 3) + crc64 + crc64, "i", diagnostics)), "success");
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(
          "initrd 'i': the lz4 frame archive at 0x0, like 2 others, is an LZ4 frame, which the kernel "
          "does not unpack: it takes the legacy format (lz4 -l)",
          fmt::format("initrd 'i': the xz archive at {:#x}, like another one, uses the integrity "
                      "check CRC-64, which the kernel does not take (use xz --check=crc32)",
                      3 * frame.size())));
}

// 16 MiB of zeros in some 16 KiB.
ByteVector Bomb() {
  static const ByteVector bomb = Gzip(Zeros(size_t{16} << 20));
  return bomb;
}

TEST(HostileInitrd, InflatingIsBoundedForTheWholeFile) {
  const ByteVector bombs = Repeated(Bomb(), 40) + BytesOf("0");
  const auto members = WalkInitrd(bombs, GzipCheck::kInflate);
  ASSERT_EQ(members.size(), 18U);  // 256 MiB, and 32 times the file
  EXPECT_EQ(members.back().completeness, Completeness::kUnchecked);
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(MessageOf(CheckInitrd(bombs, "i", diagnostics)), "success");
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(fmt::format("initrd 'i': the gzip archive at {:#x} unpacks to more than is looked at",
                              17 * Bomb().size())));
}

TEST(HostileInitrd, ABombIsNotUnpacked) {
  // What it says of itself is enough.
  const SharedBytes told = SharedBytes::Own(Repeated(Bomb(), 6));
  EXPECT_EQ(MessageOf(UnpackInitrd(told)),
            fmt::format("unpacks to {} bytes by what it says (its gzip trailer), more than the {} allowed",
                        6 * (16 << 20), (64 << 20) + 64 * told.size()));
  // One that lies is unpacked up to the bound, which goes by its own size.
  ByteVector lies = Gzip(Zeros(size_t{70} << 20));
  const uint64_t allowed = (64 << 20) + 64 * lies.size();
  PutLe32(lies, lies.size() - 4, 512 * 200);
  EXPECT_EQ(MessageOf(UnpackInitrd(SharedBytes::Own(lies))),
            fmt::format("the gzip archive at 0x0: unpacks to more than the {} bytes allowed", allowed));
}

TEST(HostileInitrd, TooManyArchivesAreNotUnpacked) {
  const ByteVector one = BytesOf(std::string_view("\x50\x2a\x4d\x18\0\0\0\0", 8));
  EXPECT_EQ(MessageOf(UnpackInitrd(SharedBytes::Own(Repeated(one, kMaxArchives + 1)))),
            "more than 65536 archives, one behind the other");
}

TEST(HostileKernel, StreamsAndOutputAreBounded) {
  const ByteVector one = BytesOf(std::string_view("\x50\x2a\x4d\x18\0\0\0\0", 8));
  EXPECT_EQ(MessageOf(Decompress(Repeated(one, kMaxArchives + 1))),
            "more than 65536 streams, one behind the other");
  const ByteVector bombs = Repeated(Bomb(), 6);
  EXPECT_EQ(MessageOf(Decompress(bombs)),
            fmt::format("unpacks to more than the {} bytes allowed", (64 << 20) + 64 * bombs.size()));
}

TEST(DecompressLimits, GoByTheFilesSize) {
  constexpr DecompressLimits kLimits{.output = 10000, .ratio = 10, .base = 1000};
  EXPECT_EQ(kLimits.OutputOf(0), 1000U);
  EXPECT_EQ(kLimits.OutputOf(500), 6000U);
  EXPECT_EQ(kLimits.OutputOf(900), 10000U);
  EXPECT_EQ(kLimits.OutputOf(UINT64_MAX), 10000U);
  EXPECT_EQ((DecompressLimits{.output = 10}.OutputOf(0)), 10U);
}

}  // namespace
}  // namespace kexec::testing
