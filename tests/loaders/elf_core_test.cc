// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/elf/elf_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/elf_core_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec {
namespace {

using testing::ElfCoreBuilder;
using ::testing::HasSubstr;
using testing::MessageOf;

std::vector<std::byte> Filled(size_t size) { return std::vector<std::byte>(size, std::byte{0x5a}); }

ElfCoreBuilder TwoSegments(bool is_64bit, bool big_endian) {
  ElfCoreBuilder builder(is_64bit, big_endian, 62);
  builder.AddNote("VMCOREINFO", 0, "PAGESIZE=4096\n").Add({1, 0xffff8000, 0x1000, Filled(100)});
  return builder;
}

struct Flavour {
  bool is_64bit;
  bool big_endian;
};

class ElfCoreOf : public ::testing::TestWithParam<Flavour> {};
INSTANTIATE_TEST_SUITE_P(Flavours, ElfCoreOf,
                         ::testing::Values(Flavour{true, false}, Flavour{true, true}, Flavour{false, false},
                                           Flavour{false, true}),
                         [](const auto& row) {
                           return std::string(row.param.is_64bit ? "Elf64" : "Elf32") +
                                  (row.param.big_endian ? "Big" : "Little");
                         });

TEST_P(ElfCoreOf, ReadsEverySegment) {
  const auto [is_64bit, big_endian] = GetParam();
  const ElfCoreBuilder builder = TwoSegments(is_64bit, big_endian);
  const std::vector<std::byte> file = builder.Build();
  const Result<ElfCore> core = ParseElfCore(file);
  ASSERT_TRUE(core.has_value()) << MessageOf(core);
  EXPECT_EQ(core->is_64bit, is_64bit);
  EXPECT_EQ(core->big_endian, big_endian);
  EXPECT_EQ(core->machine, 62);
  ASSERT_EQ(core->segments.size(), 2u);
  EXPECT_EQ(core->segments[0].type, 4u);
  EXPECT_EQ(core->segments[0].file_size, 40u);
  const ElfSegment& load = core->segments[1];
  EXPECT_EQ(load.type, 1u);
  EXPECT_EQ(load.virt, 0xffff8000u);
  EXPECT_EQ(load.phys, 0x1000u);
  EXPECT_EQ(load.file_size, 100u);
  EXPECT_EQ(load.memory_size, 100u);
  EXPECT_EQ(load.offset, file.size() - 100);
}

TEST_P(ElfCoreOf, TellsWhereTheHeadEnds) {
  const auto [is_64bit, big_endian] = GetParam();
  const ElfCoreBuilder builder = TwoSegments(is_64bit, big_endian);
  const std::vector<std::byte> file = builder.Build();
  const size_t start = is_64bit ? 64 : 52;
  const Result<uint64_t> size = ElfHeadSize(Bytes(file).first(start));
  ASSERT_TRUE(size.has_value()) << MessageOf(size);
  EXPECT_EQ(*size, builder.contents_begin());
  EXPECT_TRUE(ParseElfCore(Bytes(file).first(*size)).has_value());
}

TEST_P(ElfCoreOf, RefusesEveryShorterHead) {
  const auto [is_64bit, big_endian] = GetParam();
  const ElfCoreBuilder builder = TwoSegments(is_64bit, big_endian);
  const std::vector<std::byte> file = builder.Build();
  for (size_t size = 0; size < builder.contents_begin(); ++size) {
    const std::vector<std::byte> head(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(ParseElfCore(head).has_value()) << size;
  }
}

TEST_P(ElfCoreOf, CountsMoreThan65534SegmentsInSectionZero) {
  const auto [is_64bit, big_endian] = GetParam();
  ElfCoreBuilder builder(is_64bit, big_endian, 62);
  constexpr unsigned kCount = 70000;
  for (unsigned i = 0; i < kCount; ++i) builder.Add({1, i, 0, {}});
  builder.CountInSection();
  const std::vector<std::byte> file = builder.Build();
  const Bytes start = Bytes(file).first(is_64bit ? 64 : 52);
  const Result<uint64_t> first = ElfHeadSize(start);
  ASSERT_TRUE(first.has_value()) << MessageOf(first);
  EXPECT_EQ(*first, is_64bit ? 128u : 92u);
  EXPECT_THAT(MessageOf(ParseElfCore(start)), HasSubstr("section header 0 at 0x"));
  const Result<uint64_t> second = ElfHeadSize(Bytes(file).first(*first));
  ASSERT_TRUE(second.has_value()) << MessageOf(second);
  EXPECT_EQ(*second, builder.contents_begin());
  const Result<ElfCore> core = ParseElfCore(file);
  ASSERT_TRUE(core.has_value()) << MessageOf(core);
  ASSERT_EQ(core->segments.size(), kCount);
  EXPECT_EQ(core->segments.back().virt, kCount - 1);
}

// QEMU 7.2's dump-guest-memory writes the size of a pointer there.
TEST(ElfCore, DoesNotDependOnWhatTheHeaderSaysOfItsSize) {
  for (const unsigned size : {0u, 8u, 52u, 0xffffu}) {
    std::vector<std::byte> file = TwoSegments(true, false).Build();
    file[52] = static_cast<std::byte>(size & 0xff);
    file[53] = static_cast<std::byte>(size >> 8);
    const Result<ElfCore> core = ParseElfCore(file);
    ASSERT_TRUE(core.has_value()) << MessageOf(core);
    EXPECT_EQ(core->segments.size(), 2u);
  }
}

struct Damage {
  const char* name;
  size_t offset;  // in a little-endian ELF64 header
  unsigned size;
  uint64_t value;
  Errc code;
  const char* message;
};

class DamagedElfCore : public ::testing::TestWithParam<Damage> {};

// System V ABI: e_type at 16, e_machine 18, e_version 20, e_phoff 32, e_shoff 40, e_phentsize
// 54, e_phnum 56.
INSTANTIATE_TEST_SUITE_P(
    Each, DamagedElfCore,
    ::testing::Values(
        Damage{"Magic", 0, 1, 0, Errc::kNotRecognised, "no ELF file"},
        Damage{"Class", 4, 1, 3, Errc::kNotRecognised, "no ELF file"},
        Damage{"Data", 5, 1, 3, Errc::kNotRecognised, "no ELF file"},
        Damage{"IdentVersion", 6, 1, 7, Errc::kNotRecognised, "no ELF file"},
        Damage{"Type", 16, 2, 2, Errc::kMalformed, "ELF: no core file (e_type is 2, a core has 4)"},
        Damage{"Machine", 18, 2, 0, Errc::kMalformed, "ELF: made for no machine (e_machine is 0)"},
        Damage{"Version", 20, 4, 7, Errc::kMalformed, "ELF: version is 7, only 1 is defined"},
        Damage{"TableBehindTheEnd", 32, 8, 0x7000, Errc::kMalformed,
               "ELF: 2 program headers at 0x7000 end at 0x7070, 0x144 bytes are there"},
        Damage{"TableAcrossTheEnd", 32, 8, 0xe0, Errc::kMalformed,
               "ELF: 2 program headers at 0xe0 end at 0x150, 0x144 bytes are there"},
        Damage{"TableWraps", 32, 8, 0xffffffffffffffc8, Errc::kMalformed,
               "ELF: 2 program headers at 0xffffffffffffffc8 end behind 2^64"},
        Damage{"TableInTheHeader", 32, 8, 56, Errc::kMalformed,
               "ELF: program headers at 0x38, must be behind the header and aligned to 8 bytes"},
        Damage{"TableMisaligned", 32, 8, 65, Errc::kMalformed,
               "ELF: program headers at 0x41, must be behind the header and aligned to 8 bytes"},
        Damage{"EntrySize", 54, 2, 8, Errc::kMalformed,
               "ELF: a program header has 8 bytes, in this class it has 56"},
        Damage{"NoEntries", 56, 2, 0, Errc::kMalformed, "ELF: no program headers"},
        Damage{"TooManyEntries", 56, 2, 0xfffe, Errc::kMalformed,
               "ELF: 65534 program headers at 0x40 end at 0x37ffd0, 0x144 bytes are there"},
        Damage{"ExtendedCountWithoutSections", 56, 2, 0xffff, Errc::kMalformed,
               "ELF: more than 65534 program headers (PN_XNUM), and no section header at 0x0 to count them"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_P(DamagedElfCore, IsRefusedInWords) {
  const Damage& damage = GetParam();
  std::vector<std::byte> file = TwoSegments(true, false).Build();
  for (unsigned i = 0; i < damage.size; ++i) {
    file[damage.offset + i] = static_cast<std::byte>(damage.value >> (8 * i) & 0xff);
  }
  const Result<ElfCore> core = ParseElfCore(file);
  EXPECT_EQ(MessageOf(core), damage.message);
  ASSERT_FALSE(core.has_value());
  EXPECT_EQ(core.error().code(), damage.code);
}

TEST(ElfCore, RefusesAnExtendedCountThatNeedNotBeOne) {
  ElfCoreBuilder builder = TwoSegments(true, false);
  builder.CountInSection();
  EXPECT_EQ(MessageOf(ParseElfCore(builder.Build())),
            "ELF: section header 0 counts 2 program headers, the file header over 65534");
}

TEST(ElfCore, IgnoresWhereSegmentsLie) {
  std::vector<std::byte> file = TwoSegments(true, false).Build();
  for (size_t i = 0; i < 8; ++i) file[64 + 56 + 8 + i] = std::byte{0xff};  // p_offset of the second
  const Result<ElfCore> core = ParseElfCore(file);
  ASSERT_TRUE(core.has_value()) << MessageOf(core);
  EXPECT_EQ(core->segments[1].offset, ~uint64_t{0});
}

}  // namespace
}  // namespace kexec
