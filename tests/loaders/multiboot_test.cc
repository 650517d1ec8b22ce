// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "loaders/kernel_image.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/elf_builder.h"
#include "tests/support/multiboot_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint32_t kAddresses = 1 << 16;  // Multiboot 1, flags: load addresses follow

Result<KernelImage> Parse(std::vector<std::byte> file, Diagnostics& diagnostics, std::string_view type = {}) {
  return ParseKernel(SharedBytes::Own(std::move(file)), type, diagnostics);
}

// What a header at 0x100 of a file of 0x2000 bytes says.
std::string Refusal(const std::vector<std::byte>& header) {
  RecordingDiagnostics diagnostics;
  return MessageOf(Parse(FileWith(header, 0x100, 0x2000), diagnostics));
}

MultibootKernel KernelIn(const Result<KernelImage>& image) {
  EXPECT_EQ(MessageOf(image), "success");
  return std::get<MultibootKernel>(image->image);
}

// Loaded at 0x100000 from offset 0x40 on, 0x1000 bytes and 0x800 of bss.
const std::vector<uint32_t> kFields = {0x1000c0, 0x100000, 0x101000, 0x101800, 0x100010};

TEST(Multiboot1, AddressesInTheHeaderDecide) {
  RecordingDiagnostics diagnostics;
  const auto file = FileWith(Multiboot1Bytes(kAddresses | 3, kFields), 0x100, 0x2000);
  const auto image = Parse(file, diagnostics);
  const MultibootKernel kernel = KernelIn(image);
  EXPECT_EQ(image->type, "multiboot-x86");
  EXPECT_EQ(kernel.version, 1);
  ASSERT_EQ(kernel.pieces.size(), 1u);
  EXPECT_EQ(kernel.pieces[0].address, PhysAddr(0x100000));
  EXPECT_EQ(kernel.pieces[0].memory_size, 0x1800u);
  EXPECT_TRUE(std::ranges::equal(kernel.pieces[0].contents.view(), Bytes(file).subspan(0x40, 0x1000)));
  EXPECT_EQ(kernel.entry, PhysAddr(0x100010));
  EXPECT_TRUE(kernel.page_aligned_modules);
  EXPECT_FALSE(kernel.uses_framebuffer);
}

TEST(Multiboot1, WithoutAnEndTheFileIsLoadedToItsEnd) {
  RecordingDiagnostics diagnostics;
  const auto image =
      Parse(FileWith(Multiboot1Bytes(kAddresses | 4, {0x1000c0, 0x100000, 0, 0, 0x100010}), 0x100, 0x2000),
            diagnostics);
  const MultibootKernel kernel = KernelIn(image);
  EXPECT_EQ(kernel.pieces[0].contents.size(), 0x1fc0u);
  EXPECT_EQ(kernel.pieces[0].memory_size, 0x1fc0u);
  EXPECT_TRUE(kernel.uses_framebuffer);
  EXPECT_FALSE(kernel.page_aligned_modules);
}

struct Refused {
  const char* name;
  std::vector<std::byte> header;
  const char* message;
};

class MultibootRefused : public ::testing::TestWithParam<Refused> {};

TEST_P(MultibootRefused, SaysWhy) { EXPECT_EQ(Refusal(GetParam().header), GetParam().message); }

INSTANTIATE_TEST_SUITE_P(
    Version1, MultibootRefused,
    ::testing::Values(
        Refused{"UnknownFeature", Multiboot1Bytes(kAddresses | 0x8008, kFields),
                "multiboot-x86: it needs features that multiboot 1 does not have: flags 0x8008"},
        Refused{"NeitherElfNorAddresses", Multiboot1Bytes(3),
                "multiboot-x86: the header names no load addresses, so the file should be an ELF executable "
                "for x86"},
        Refused{
            "HeaderNotLoaded", Multiboot1Bytes(kAddresses, {0x100000, 0x100001, 0, 0, 0x100010}),
            "multiboot-x86: loading starts at 0x100001, the header at offset 0x100 of the file is to lie at "
            "0x100000: the header would not be loaded"},
        Refused{
            "BeforeTheFile", Multiboot1Bytes(kAddresses, {0x100101, 0x100000, 0, 0, 0x100010}),
            "multiboot-x86: loading starts at 0x100000, the header at offset 0x100 of the file is to lie at "
            "0x100101: that is before the start of the file"},
        Refused{"EndsBeforeItStarts",
                Multiboot1Bytes(kAddresses, {0x1000c0, 0x100000, 0x100000, 0, 0x100010}),
                "multiboot-x86: loading ends at 0x100000, before it starts at 0x100000"},
        Refused{"CutShort", Multiboot1Bytes(kAddresses, {0x1000c0, 0x100000, 0x102000, 0, 0x100010}),
                "multiboot-x86: the file is cut short: 0x2000 bytes are to be loaded from offset 0x40 on, "
                "0x1fc0 are there"},
        Refused{"BssInside", Multiboot1Bytes(kAddresses, {0x1000c0, 0x100000, 0x101000, 0x100fff, 0x100010}),
                "multiboot-x86: the bss ends at 0x100fff, inside the 0x1000 bytes loaded at 0x100000"},
        Refused{"Above4GiB", Multiboot1Bytes(kAddresses, {0xfffff0c0, 0xfffff000, 0, 0, 0xfffff000}),
                "multiboot-x86: its 0x1fc0 bytes at 0xfffff000 reach above 4 GiB"},
        Refused{"EntryOutside", Multiboot1Bytes(kAddresses, {0x1000c0, 0x100000, 0x101000, 0, 0x101000}),
                "multiboot-x86: its entry 0x101000 is not in what is loaded, which lies in [0x100000, "
                "0x101000)"}),
    [](const auto& row) { return row.param.name; });

// The address and entry tags of kFields.
Multiboot2Builder Fixed() {
  return Multiboot2Builder().Tag(2, 0, {0x1000c0, 0x100000, 0x101000, 0x101800}).Tag(3, 0, {0x100010});
}

INSTANTIATE_TEST_SUITE_P(
    Version2, MultibootRefused,
    ::testing::Values(
        Refused{"Mips", Fixed().Architecture(4).Build(),
                "multiboot2-x86: its header is for the architecture 4, only 0 (i386) is known"},
        Refused{"NeitherElfNorAddresses", Multiboot2Builder().Build(),
                "multiboot2-x86: the header names no load addresses, so the file should be an ELF executable "
                "for x86"},
        Refused{"NoEntry", Multiboot2Builder().Tag(2, 0, {0x1000c0, 0x100000, 0, 0}).Build(),
                "multiboot2-x86: its header names load addresses but no entry address"},
        Refused{"UnknownTag", Fixed().Tag(11, 0).Build(),
                "multiboot2-x86: it needs what header tag 11 stands for, which multiboot 2 does not have"},
        Refused{"UnknownInformation", Fixed().Tag(1, 0, {4, 22}).Build(),
                "multiboot2-x86: it needs information of type 22, which multiboot 2 does not have"},
        Refused{
            "BootServices", Fixed().Tag(7, 0).Build(),
            "multiboot2-x86: it needs EFI boot services, which ended when the running kernel started; only "
            "the firmware or its boot loader can start it"},
        Refused{"ShortTag", Fixed().Tag(10, 0, {0x100000}).Build(),
                "multiboot2-x86: the relocatable tag has 12 bytes, 24 are the least"},
        Refused{"OddRequest", Fixed().Words({1, 10, 4, 0}).Build(),
                "multiboot2-x86: the information request tag has 10 bytes, which is no multiple of 4"},
        Refused{"Alignment", Fixed().Tag(10, 0, {0, 0xffffffff, 0x3000, 0}).Build(),
                "multiboot2-x86: the relocatable tag asks for the alignment 0x3000, not a power of two"},
        Refused{"EmptyPlace", Fixed().Tag(10, 0, {0x2000, 0x1000, 0x1000, 0}).Build(),
                "multiboot2-x86: the relocatable tag asks for a place from 0x2000 to 0x1000"},
        Refused{"SizeZero", Fixed().Words({5, 0}).Build(),
                "multiboot2-x86: header tag 5 has 0 bytes, its header has 16 from there on"},
        Refused{"BeyondTheHeader", Fixed().Words({5, 24}).Build(),
                "multiboot2-x86: header tag 5 has 24 bytes, its header has 16 from there on"},
        Refused{"NoEnd", Fixed().NoEndTag().Build(),
                "multiboot2-x86: its header ends after 0x28 bytes of tags without the end tag"},
        Refused{"BeyondTheFile", Fixed().Length(0x1f08).Build(),
                "multiboot2-x86: the header at offset 0x100 has 0x1f08 bytes, it must be 0x10 to 0x1f00 long "
                "there"},
        Refused{
            "FromFileStart",
            Multiboot2Builder().Tag(2, 0, {0xff, 0xffffffff, 0, 0}).Tag(3, 0, {0x10}).Build(),
            "multiboot2-x86: the header at offset 0x100 of the file is to lie at 0xff: the file would start "
            "below 0"}),
    [](const auto& row) { return row.param.name; });

TEST(Multiboot2, EveryTagIsRead) {
  RecordingDiagnostics diagnostics;
  const auto header = Fixed()
                          .Tag(1, 0, {4, 6})
                          .Tag(1, 1, {8, 99})
                          .Tag(4, 0, {3})
                          .Tag(5, 0, {1024, 768, 32})
                          .Tag(6, 0)
                          .Tag(7, 1)
                          .Tag(8, 0, {0x100020})
                          .Tag(9, 0, {0x100030})
                          .Tag(10, 0, {0x200000, 0xefffffff, 0x200000, 2})
                          .Tag(77, 1, {1, 2, 3})
                          .Build();
  const auto image = Parse(FileWith(header, 0x100, 0x2000), diagnostics);
  const MultibootKernel kernel = KernelIn(image);
  EXPECT_EQ(image->type, "multiboot2-x86");
  EXPECT_EQ(kernel.version, 2);
  EXPECT_EQ(kernel.entry, PhysAddr(0x100010));
  EXPECT_THAT(kernel.requested_tags, ElementsAre(4, 6, 8, 99));
  EXPECT_TRUE(kernel.needs_console);
  EXPECT_TRUE(kernel.uses_ega_text);
  EXPECT_TRUE(kernel.uses_framebuffer);
  EXPECT_TRUE(kernel.page_aligned_modules);
  ASSERT_TRUE(kernel.relocation.has_value());
  EXPECT_EQ(kernel.relocation->lowest, PhysAddr(0x200000));
  EXPECT_EQ(kernel.relocation->highest, PhysAddr(0xefffffff));
  EXPECT_EQ(kernel.relocation->alignment, Alignment::Of<0x200000>());
  EXPECT_TRUE(kernel.relocation->prefers_high);
  EXPECT_FALSE(kernel.relocation->prefers_low);
  EXPECT_THAT(diagnostics.notes(),
              ElementsAre("multiboot 2: the kernel would like information of type 99, which is unknown",
                          "multiboot 2: optional header tag 77 is unknown, it is not looked at"));
}

TEST(Multiboot2, AFileCanBeLoadedFromItsStart) {
  RecordingDiagnostics diagnostics;
  const auto header =
      Multiboot2Builder().Tag(2, 0, {0x100100, 0xffffffff, 0, 0x103000}).Tag(3, 0, {0x100000}).Build();
  const MultibootKernel kernel = KernelIn(Parse(FileWith(header, 0x100, 0x2000), diagnostics));
  EXPECT_EQ(kernel.pieces[0].address, PhysAddr(0x100000));
  EXPECT_EQ(kernel.pieces[0].contents.size(), 0x2000u);
  EXPECT_EQ(kernel.pieces[0].memory_size, 0x3000u);
}

ElfBuilder ElfWith(const std::vector<std::byte>& header, bool is_64bit) {
  return std::move(ElfBuilder(is_64bit).Entry(0x100010).Load({.address = 0x100000,
                                                              .virtual_address = 0x100000,
                                                              .contents = FileWith(header, 0x80, 0x800),
                                                              .memory_size = 0x3000}));
}

class MultibootElf : public ::testing::TestWithParam<bool> {};

TEST_P(MultibootElf, ItsProgramHeadersAreLoaded) {
  for (const auto& header : {Multiboot1Bytes(0), Multiboot2Builder().Build()}) {
    RecordingDiagnostics diagnostics;
    const MultibootKernel kernel = KernelIn(Parse(ElfWith(header, GetParam()).Build(), diagnostics));
    ASSERT_EQ(kernel.pieces.size(), 1u);
    EXPECT_EQ(kernel.pieces[0].address, PhysAddr(0x100000));
    EXPECT_EQ(kernel.pieces[0].memory_size, 0x3000u);
    EXPECT_EQ(kernel.entry, PhysAddr(0x100010));
  }
}

TEST_P(MultibootElf, AnEntryTagReplacesItsEntry) {
  RecordingDiagnostics diagnostics;
  const auto header = Multiboot2Builder().Tag(3, 0, {0x100123}).Build();
  EXPECT_EQ(KernelIn(Parse(ElfWith(header, GetParam()).Build(), diagnostics)).entry, PhysAddr(0x100123));
}

TEST_P(MultibootElf, CutShortIsRefused) {
  RecordingDiagnostics diagnostics;
  auto file = ElfWith(Multiboot1Bytes(0), GetParam()).NoSections().Build();
  file.resize(file.size() - 1);
  EXPECT_THAT(MessageOf(Parse(file, diagnostics)), HasSubstr("multiboot-x86: ELF: program header 0 covers"));
}

INSTANTIATE_TEST_SUITE_P(Of, MultibootElf, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "64Bit" : "32Bit"; });

TEST(MultibootElf64, Above4GiBIsRefused) {
  RecordingDiagnostics diagnostics;
  const auto file = ElfBuilder(true)
                        .Entry(0xfffff010)
                        .Load({.address = 0xfffff000,
                               .virtual_address = 0xfffff000,
                               .contents = FileWith(Multiboot1Bytes(0), 0x80, 0x800),
                               .memory_size = 0x1001})
                        .Build();
  EXPECT_EQ(MessageOf(Parse(file, diagnostics)),
            "multiboot-x86: its 0x1001 bytes at 0xfffff000 reach above 4 GiB");
}

TEST(MultibootRecognition, BothVersionsInOneFileAreVersion2) {
  RecordingDiagnostics diagnostics;
  auto file = FileWith(Multiboot1Bytes(kAddresses, kFields), 0x100, 0x2000);
  const auto second = Fixed().Build();
  std::memcpy(file.data() + 0x180, second.data(), second.size());
  EXPECT_EQ(KernelIn(Parse(file, diagnostics)).version, 2);
  EXPECT_EQ(KernelIn(Parse(file, diagnostics, "multiboot-x86")).version, 1);
}

TEST(MultibootRecognition, TheHeaderMustBeNearTheStart) {
  const auto first = Multiboot1Bytes(3);
  EXPECT_TRUE(RecognisesMultiboot1(FileWith(first, 8192 - 12, 0x9000)));
  EXPECT_FALSE(RecognisesMultiboot1(FileWith(first, 8192 - 8, 0x9000)));
  EXPECT_FALSE(RecognisesMultiboot1(FileWith(first, 0x102, 0x9000)));
  const auto second = Multiboot2Builder().Build();
  EXPECT_TRUE(RecognisesMultiboot2(FileWith(second, 32768 - 16, 0x9000)));
  EXPECT_FALSE(RecognisesMultiboot2(FileWith(second, 32768 - 8, 0x9000)));
  EXPECT_FALSE(RecognisesMultiboot2(FileWith(second, 0x104, 0x9000)));
}

TEST(MultibootRecognition, AMagicWithoutItsChecksumIsChance) {
  RecordingDiagnostics diagnostics;
  for (auto header : {Multiboot1Bytes(3), Multiboot2Builder().Build()}) {
    header[header.size() < 16 ? 8 : 12] ^= std::byte{1};
    const auto image = Parse(ElfWith(header, true).Build(), diagnostics);
    ASSERT_EQ(MessageOf(image), "success");
    EXPECT_EQ(image->type, "elf-x86_64");
  }
}

TEST(MultibootRecognition, ABzImageStaysABzImage) {
  RecordingDiagnostics diagnostics;
  const SharedBytes built = BzImageBuilder().Build();
  std::vector<std::byte> file(built.view().begin(), built.view().end());
  for (const auto& header : {Multiboot1Bytes(3), Multiboot2Builder().Build()}) {
    std::memcpy(file.data() + 0x40, header.data(), header.size());
    const auto image = ParseKernel(SharedBytes::Own(file), {}, diagnostics, {.verify_checksum = false});
    ASSERT_EQ(MessageOf(image), "success");
    EXPECT_EQ(image->type, "bzImage64");
  }
}

}  // namespace
}  // namespace kexec::testing
