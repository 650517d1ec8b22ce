// SPDX-License-Identifier: GPL-2.0-or-later
// Compressed files as the real tools write them: unpacked whole, refused when cut, changed or too large.
#include "loaders/decompress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>

#include "loaders/kernel_image.h"
#include "tests/support/archive_builder.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/read_whole.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What make-archives packs.
constexpr uint64_t kContentSize = 266240;
constexpr uint32_t kContentCrc = 0x1c4d2786;

ByteVector Fixture(std::string_view suffix) {
  return ReadWhole(std::filesystem::path(KEXEC_SOURCE_DIR) / "tests/loaders/fixtures" /
                   fmt::format("archive.cpio.{}", suffix));
}

uint32_t Crc(Bytes bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

struct Row {
  std::string_view suffix;
  ArchiveFormat format;
  std::string_view name;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.suffix; }

class Format : public ::testing::TestWithParam<Row> {
 protected:
  ByteVector file_ = Fixture(GetParam().suffix);
};

TEST_P(Format, UnpacksToWhatWasPacked) {
  EXPECT_EQ(IdentifyCompression(file_), GetParam().format);
  const auto unpacked = Decompress(file_);
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  EXPECT_EQ(unpacked->format, GetParam().format);
  EXPECT_EQ(unpacked->bytes.size(), kContentSize);
  EXPECT_EQ(Crc(unpacked->bytes.view()), kContentCrc);
  EXPECT_EQ(unpacked->used, file_.size());
  EXPECT_EQ(unpacked->ignored, 0u);
}

TEST_P(Format, IsRefusedWhereverItIsCut) {
  const size_t header = GetParam().format == ArchiveFormat::kLzma ? 13 : 9;  // enough to be recognised
  for (size_t size = header; size < file_.size(); ++size) {
    const auto unpacked = Decompress(Cut(file_, size));
    ASSERT_FALSE(unpacked.has_value()) << size;
    ASSERT_EQ(unpacked.error().code(), Errc::kMalformed) << size;
    ASSERT_THAT(unpacked.error().message(),
                AnyOf(StartsWith(fmt::format("cut short: the file ends at {:#x}", size)),
                      HasSubstr(fmt::format(", the file ends at {:#x}", size))));
  }
}

// Whatever byte is changed: the content comes out unchanged, or nothing does.
TEST_P(Format, NeverUnpacksToSomethingElse) {
  // Only these have a checksum over their content.
  const bool checked = GetParam().format != ArchiveFormat::kLzma &&
                       GetParam().format != ArchiveFormat::kLz4Legacy && GetParam().suffix != "nocheck.zst" &&
                       GetParam().suffix != "frame.lz4";
  for (size_t i = 0; i < file_.size(); i += 5) {
    ByteVector changed = file_;
    changed[i] ^= std::byte{0x10};
    const auto unpacked = Decompress(changed);
    if (!unpacked.has_value()) {
      EXPECT_NE(unpacked.error().message(), "");
    } else if (checked) {
      EXPECT_EQ(Crc(unpacked->bytes.view()), kContentCrc) << i;
    }
  }
}

TEST_P(Format, StopsAtTheLimit) {
  EXPECT_EQ(MessageOf(Decompress(file_, {.output = kContentSize})), "success");
  for (const uint64_t limit : {kContentSize - 1, uint64_t{70000}, uint64_t{1}}) {
    const auto unpacked = Decompress(file_, {.output = limit});
    ASSERT_FALSE(unpacked.has_value());
    EXPECT_EQ(unpacked.error().code(), Errc::kDoesNotFit);
    EXPECT_EQ(unpacked.error().message(), fmt::format("unpacks to more than the {} bytes allowed", limit));
  }
}

TEST_P(Format, MayBeFollowedByZerosOrItsSize) {
  for (const size_t padding : {1U, 4U, 511U, 4096U}) {
    const auto unpacked = Decompress(file_ + Zeros(padding));
    ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
    EXPECT_EQ(unpacked->ignored, 0u);
    EXPECT_EQ(unpacked->bytes.size(), kContentSize);
  }
  ByteVector appended = file_;
  for (unsigned shift = 0; shift < 32; shift += 8)
    appended.push_back(std::byte(kContentSize >> shift & 0xff));
  const auto unpacked = Decompress(appended);
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  EXPECT_EQ(unpacked->ignored, 0u);
  EXPECT_EQ(unpacked->bytes.size(), kContentSize);
}

TEST_P(Format, JoinsWithAnotherOfItsKind) {
  const auto unpacked = Decompress(file_ + file_);
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  const bool joins = GetParam().format != ArchiveFormat::kLzma;
  EXPECT_EQ(unpacked->bytes.size(), joins ? 2 * kContentSize : kContentSize);
  EXPECT_EQ(unpacked->ignored, joins ? 0 : file_.size());
}

TEST_P(Format, CountsOtherBytesBehindIt) {
  const auto unpacked = Decompress(file_ + BytesOf("a signature"));
  if (GetParam().format == ArchiveFormat::kLz4Legacy) {  // its blocks go on to the end of the file
    EXPECT_THAT(MessageOf(unpacked), HasSubstr("(a block of 0x69732061 bytes, the format allows 0x808090)"));
    return;
  }
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  EXPECT_EQ(unpacked->used, file_.size());
  EXPECT_EQ(unpacked->ignored, 11u);
  EXPECT_EQ(unpacked->bytes.size(), kContentSize);
}

// libzstd may read them as well; kernels do not, and the program links it without that part.
TEST(Zstd, FormatsBefore10AreNotUnpacked) {
  const ByteVector sound = Fixture("zst");
  for (const int first : {0x22, 0x23, 0x24, 0x25, 0x26, 0x27}) {
    ByteVector old = sound;
    old[0] = std::byte(first);
    EXPECT_EQ(MessageOf(Decompress(old)), "not compressed in a known format") << first;
    const auto joined = Decompress(sound + old);
    ASSERT_TRUE(joined.has_value()) << joined.error().message();
    EXPECT_EQ(joined->bytes.size(), kContentSize) << first;
    EXPECT_EQ(joined->ignored, old.size()) << first;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Format,
    ::testing::Values(Row{"gz", ArchiveFormat::kGzip, "gzip"}, Row{"crc32.xz", ArchiveFormat::kXz, "xz"},
                      Row{"crc64.xz", ArchiveFormat::kXz, "xz"}, Row{"lzma", ArchiveFormat::kLzma, "lzma"},
                      Row{"zst", ArchiveFormat::kZstd, "zstd"},
                      Row{"nocheck.zst", ArchiveFormat::kZstd, "zstd"},
                      Row{"legacy.lz4", ArchiveFormat::kLz4Legacy, "lz4"},
                      Row{"frame.lz4", ArchiveFormat::kLz4Frame, "lz4 frame"},
                      Row{"bz2", ArchiveFormat::kBzip2, "bzip2"}, Row{"lzo", ArchiveFormat::kLzop, "lzop"}),
    [](const auto& row) {
      std::string name(row.param.suffix);
      for (char& c : name) c = c == '.' ? '_' : c;
      return name;
    });

TEST(Decompress, RefusesWhatAsksForTooMuchMemory) {
  const DecompressLimits limits{.memory = 1 << 16};
  EXPECT_THAT(MessageOf(Decompress(Fixture("crc64.xz"), limits)),
              ::testing::MatchesRegex("needs [0-9]+ bytes of memory to unpack, more than the 65536 allowed"));
  EXPECT_THAT(MessageOf(Decompress(Fixture("lzma"), limits)), StartsWith("needs "));
  EXPECT_EQ(MessageOf(Decompress(Fixture("nocheck.zst"), limits)),
            "needs a window of more than the 65536 bytes of memory allowed");
  EXPECT_EQ(Decompress(Fixture("lzma"), limits).error().code(), Errc::kUnsupported);
}

TEST(Decompress, TakesLz4AsTheKernelBuildPacksIt) {
  // scripts/Makefile.lib: lz4 -l, then the size; the next kernel's decompressor stops at it.
  const ByteVector file = Fixture("legacy.lz4");
  EXPECT_EQ(
      MessageOf(Decompress(file + BytesOf("abcd"))),
      fmt::format("damaged at {:#x} (a block of 0x64636261 bytes, the format allows 0x808090)", file.size()));
}

TEST(Decompress, KnowsWhatIsNotCompressed) {
  for (const ByteVector& file :
       {ByteVector(), BytesOf("\x1f"), SmallCpio(), BytesOf("hello"), Zeros(64),
        // Two bytes of lzma's magic, then nothing that fits.
        BytesOf(std::string_view("\x5d\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b", 13))}) {
    EXPECT_EQ(IdentifyCompression(file), std::nullopt);
    EXPECT_EQ(MessageOf(Decompress(file)), "not compressed in a known format");
  }
}

TEST(Decompress, UnpacksNothingToNothing) {
  const auto unpacked = Decompress(Gzip({}));
  ASSERT_TRUE(unpacked.has_value());
  EXPECT_TRUE(unpacked->bytes.empty());
}

TEST(CompressionSupport, NamesEveryFormatAndLibrary) {
  for (const char* word : {"gzip (zlib 1.", "xz (liblzma 5.", "lzma (liblzma 5.", "zstd (libzstd 1.",
                           "lz4 (liblz4 1.", "lz4 frame (", "bzip2 (libbz2 1.", "lzop (liblzo2 2."}) {
    EXPECT_THAT(CompressionSupport(), HasSubstr(word));
  }
}

class UnpackedKernelFile : public ::testing::Test {
 protected:
  Result<UnpackedKernel> Unpack(ByteVector file, const DecompressLimits& limits = {}) {
    return UnpackKernel(SharedBytes::Own(std::move(file)), diagnostics_, limits);
  }
  const ByteVector kernel_ = BzImageBuilder().BuildBytes();
  RecordingDiagnostics diagnostics_;
};

TEST_F(UnpackedKernelFile, IsTheFileItselfWhereNothingIsPacked) {
  const SharedBytes file = SharedBytes::Own(kernel_);
  const auto unpacked = UnpackKernel(file, diagnostics_);
  ASSERT_TRUE(unpacked.has_value());
  EXPECT_EQ(unpacked->bytes.view().data(), file.view().data());
  EXPECT_TRUE(unpacked->layers.empty());
  EXPECT_EQ(LayersName(unpacked->layers), "");
}

TEST_F(UnpackedKernelFile, IsUnpackedOnceOrTwiceButNoMore) {
  const ByteVector once = Gzip(kernel_);
  const ByteVector twice = Gzip(once);
  for (const auto& [file, name] : {std::pair(once, "gzip"), std::pair(twice, "gzip in gzip")}) {
    const auto unpacked = Unpack(file);
    ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
    EXPECT_TRUE(std::ranges::equal(unpacked->bytes.view(), kernel_));
    EXPECT_EQ(LayersName(unpacked->layers), name);
  }
  const auto thrice = Unpack(Gzip(twice));
  EXPECT_EQ(MessageOf(thrice), "gzip in gzip in gzip data: packed more than 2 times over");
  EXPECT_EQ(thrice.error().code(), Errc::kUnsupported);
}

TEST_F(UnpackedKernelFile, NamesTheLayerThatIsDamaged) {
  const ByteVector inner = Cut(Fixture("zst"), 1000);
  EXPECT_EQ(MessageOf(Unpack(Gzip(inner))), "zstd in gzip data: cut short: the file ends at 0x3e8");
  EXPECT_EQ(MessageOf(Unpack(inner)), "zstd data: cut short: the file ends at 0x3e8");
}

TEST_F(UnpackedKernelFile, IsNotUnpackedWhereALoaderKnowsIt) {
  // Nobody packs so, but a setup header decides over two bytes in front.
  ByteVector file = kernel_;
  file[0] = std::byte{0x1f};
  file[1] = std::byte{0x8b};
  const auto unpacked = Unpack(file);
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  EXPECT_TRUE(unpacked->layers.empty());
}

TEST_F(UnpackedKernelFile, WarnsAboutBytesBehindIt) {
  const ByteVector packed = Gzip(kernel_);
  EXPECT_TRUE(Unpack(packed + BytesOf("~Module signature appended~\n")).has_value());
  EXPECT_THAT(
      diagnostics_.TakeWarnings(),
      ElementsAre(fmt::format("the kernel's gzip data ends at {:#x}; the 28 bytes behind it are ignored",
                              packed.size())));
}

}  // namespace
}  // namespace kexec::testing
