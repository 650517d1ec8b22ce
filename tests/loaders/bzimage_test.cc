// SPDX-License-Identifier: GPL-2.0-or-later
// What the loader reads from sound images, protocol by protocol.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loaders/kernel_image.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

BzImage Parsed(const BzImageBuilder& builder, std::string_view type = {}) {
  RecordingDiagnostics diagnostics;
  auto image = ParseKernel(builder.Build(), type, diagnostics);
  EXPECT_EQ(MessageOf(image), "success");
  return image ? std::get<BzImage>(image->image) : BzImage{};
}

std::string TypeOf(const BzImageBuilder& builder) {
  RecordingDiagnostics diagnostics;
  const auto image = ParseKernel(builder.Build(), {}, diagnostics);
  return image ? std::string(image->type) : image.error().message();
}

TEST(BzImage, ReadsEveryFieldOfProtocol215) {
  const BzImageBuilder builder;
  const SharedBytes file = builder.Build();
  RecordingDiagnostics diagnostics;
  const auto parsed = ParseKernel(file, {}, diagnostics);
  ASSERT_EQ(MessageOf(parsed), "success");
  EXPECT_EQ(parsed->type, "bzImage64");
  const auto& image = std::get<BzImage>(parsed->image);
  EXPECT_EQ(image.protocol, 0x020f);
  EXPECT_EQ(image.version, "6.1.0-test (builder@example.org) #1 SMP");
  EXPECT_EQ(image.setup_header.view().data(), file.view().data() + 0x1f1);
  EXPECT_EQ(image.setup_header.size(), 0x26cU - 0x1f1U);
  EXPECT_EQ(image.kernel.view().data(), file.view().data() + 5 * 512);
  EXPECT_EQ(image.kernel.size(), 0x1000U);
  EXPECT_EQ(image.init_size, 0x3378000U);
  EXPECT_EQ(image.pref_address, PhysAddr(0x1000000));
  EXPECT_TRUE(image.relocatable);
  EXPECT_EQ(image.alignment, Alignment::Make(0x200000));
  EXPECT_EQ(image.initrd_addr_max, PhysAddr(0x7fffffff));
  EXPECT_EQ(image.command_line_max, 2047U);
  EXPECT_TRUE(image.loaded_high);
  EXPECT_TRUE(image.has_64bit_entry);
  EXPECT_TRUE(image.can_load_above_4g);
  EXPECT_TRUE(image.efi_kexec);
  EXPECT_TRUE(image.five_level);
  EXPECT_FALSE(image.signed_pe);
  EXPECT_THAT(diagnostics.notes(), ::testing::ElementsAre("bzImage: the CRC-32 over 0x1a00 bytes holds"));
}

TEST(BzImage, KeepsTheFileAliveAndCopiesNothing) {
  BzImage image;
  {
    RecordingDiagnostics diagnostics;
    image = std::get<BzImage>(ParseKernel(BzImageBuilder().Build(), {}, diagnostics)->image);
  }
  EXPECT_EQ(image.kernel.view()[0], BzImageBuilder().BuildBytes()[5 * 512]);
}

// What a protocol does not have yet must not be read: those bytes are code. 0xff everywhere shows it.
BzImageBuilder WithCodeBehindHeader(uint16_t protocol, uint64_t header_end) {
  BzImageBuilder builder(protocol);
  for (uint64_t offset = header_end; offset < 0x280; ++offset)
    builder.PokeBeforeChecksum<uint8_t>(offset, 0xff);
  return builder;
}

TEST(BzImage, DefaultsForFieldsThatProtocol200LacksComeFromTheProtocolText) {
  const BzImage image = Parsed(WithCodeBehindHeader(0x0200, 0x224));
  EXPECT_EQ(image.protocol, 0x0200);
  EXPECT_EQ(image.setup_header.size(), 0x224U - 0x1f1U);
  EXPECT_EQ(image.initrd_addr_max, PhysAddr(0x37ffffff));
  EXPECT_EQ(image.command_line_max, 255U);
  EXPECT_FALSE(image.relocatable);
  EXPECT_FALSE(image.alignment.has_value());
  EXPECT_EQ(image.pref_address, PhysAddr(0x100000));
  EXPECT_EQ(image.init_size, 3U * 0x1000U);
  EXPECT_FALSE(image.has_64bit_entry);
  EXPECT_FALSE(image.can_load_above_4g);
}

struct ProtocolRow {
  uint16_t protocol;
  uint64_t header_end;
  uint64_t initrd_addr_max;
  bool relocatable;
  uint64_t command_line_max;
  uint64_t init_size;
  bool entry64;
};

class Protocols : public ::testing::TestWithParam<ProtocolRow> {};

TEST_P(Protocols, ReadsTheFieldsItHasAndNoOthers) {
  const ProtocolRow& row = GetParam();
  const BzImage image = Parsed(WithCodeBehindHeader(row.protocol, row.header_end));
  EXPECT_EQ(image.protocol, row.protocol);
  EXPECT_EQ(image.initrd_addr_max, PhysAddr(row.initrd_addr_max));
  EXPECT_EQ(image.relocatable, row.relocatable);
  EXPECT_EQ(image.command_line_max, row.command_line_max);
  EXPECT_EQ(image.init_size, row.init_size);
  EXPECT_EQ(image.has_64bit_entry, row.entry64);
}

INSTANTIATE_TEST_SUITE_P(
    All, Protocols,
    ::testing::Values(ProtocolRow{0x0200, 0x224, 0x37ffffff, false, 255, 0x3000, false},
                      ProtocolRow{0x0201, 0x226, 0x37ffffff, false, 255, 0x3000, false},
                      ProtocolRow{0x0202, 0x22c, 0x37ffffff, false, 255, 0x3000, false},
                      ProtocolRow{0x0203, 0x230, 0x7fffffff, false, 255, 0x3000, false},
                      ProtocolRow{0x0204, 0x230, 0x7fffffff, false, 255, 0x3000, false},
                      ProtocolRow{0x0205, 0x235, 0x7fffffff, true, 255, 0x3000, false},
                      ProtocolRow{0x0206, 0x23c, 0x7fffffff, true, 2047, 0x3000, false},
                      ProtocolRow{0x0207, 0x248, 0x7fffffff, true, 2047, 0x3000, false},
                      ProtocolRow{0x0208, 0x250, 0x7fffffff, true, 2047, 0x3000, false},
                      ProtocolRow{0x0209, 0x258, 0x7fffffff, true, 2047, 0x3000, false},
                      ProtocolRow{0x020a, 0x264, 0x7fffffff, true, 2047, 0x3378000, false},
                      ProtocolRow{0x020b, 0x268, 0x7fffffff, true, 2047, 0x3378000, false},
                      ProtocolRow{0x020c, 0x268, 0x7fffffff, true, 2047, 0x3378000, true},
                      ProtocolRow{0x020d, 0x268, 0x7fffffff, true, 2047, 0x3378000, true},
                      ProtocolRow{0x020e, 0x268, 0x7fffffff, true, 2047, 0x3378000, true},
                      ProtocolRow{0x020f, 0x26c, 0x7fffffff, true, 2047, 0x3378000, true},
                      ProtocolRow{0x0210, 0x26c, 0x7fffffff, true, 2047, 0x3378000, true}));

TEST(BzImage, TypeFollowsThe64BitEntryPoint) {
  EXPECT_EQ(TypeOf(BzImageBuilder(0x020c)), "bzImage64");
  EXPECT_EQ(TypeOf(BzImageBuilder(0x020b)), "bzImage");
  EXPECT_EQ(TypeOf(BzImageBuilder(0x020f).XLoadFlags(0)), "bzImage");
}

TEST(BzImage, AskingForTheTypeBzImageMeansThe32BitEntry) {
  const BzImage image = Parsed(BzImageBuilder(), "bzImage");
  EXPECT_FALSE(image.has_64bit_entry);
  EXPECT_FALSE(image.can_load_above_4g);
  EXPECT_TRUE(image.efi_kexec);
}

TEST(BzImage, FlagsAreReadOneByOne) {
  EXPECT_TRUE(Parsed(BzImageBuilder().XLoadFlags(0x01)).has_64bit_entry);
  EXPECT_FALSE(Parsed(BzImageBuilder().XLoadFlags(0x01)).can_load_above_4g);
  EXPECT_TRUE(Parsed(BzImageBuilder().XLoadFlags(0x02)).has_64bit_entry == false);
  EXPECT_TRUE(Parsed(BzImageBuilder().XLoadFlags(0x03)).can_load_above_4g);
  EXPECT_TRUE(Parsed(BzImageBuilder().XLoadFlags(0x11)).efi_kexec);
  EXPECT_FALSE(Parsed(BzImageBuilder().XLoadFlags(0x2f)).efi_kexec);
  EXPECT_TRUE(Parsed(BzImageBuilder().XLoadFlags(0x21)).five_level);
  EXPECT_FALSE(Parsed(BzImageBuilder().XLoadFlags(0x5f)).five_level);
}

TEST(BzImage, ZeroSetupSectorsMeanFour) {
  const BzImage image = Parsed(BzImageBuilder().SetupSects(0));
  EXPECT_EQ(image.kernel.size(), 0x1000U);
  EXPECT_EQ(image.kernel.view()[0], BzImageBuilder().SetupSects(0).BuildBytes()[5 * 512]);
}

TEST(BzImage, AnyNumberOfSetupSectorsWorks) {
  EXPECT_EQ(Parsed(BzImageBuilder().SetupSects(1)).kernel.size(), 0x1000U);
  EXPECT_EQ(Parsed(BzImageBuilder().SetupSects(255)).kernel.size(), 0x1000U);
}

TEST(BzImage, WhatFollowsTheKernelIsNotLoaded) {
  EXPECT_EQ(Parsed(BzImageBuilder().Trailing(12345)).kernel.size(), 0x1000U);
}

TEST(BzImage, SyssizeOfOldProtocolsIsNotTrusted) {
  // 16 bits wide before 2.04: "cannot be trusted for the size of a kernel if the LOAD_HIGH flag is set".
  EXPECT_EQ(Parsed(BzImageBuilder(0x0203).Poke<uint32_t>(0x1f4, 0xffffffff)).kernel.size(), 0x1000U);
}

TEST(BzImage, AnImageWithoutASyssizeReachesToTheEndOfTheFile) {
  const auto builder =
      BzImageBuilder().Version("Memtest86+ v6.10").PokeBeforeChecksum<uint32_t>(0x1f4, 0).Trailing(3);
  EXPECT_EQ(Parsed(builder).kernel.size(), 0x1003U);
}

TEST(BzImage, VersionStopsAtTheFirstUnprintableByteAndAtTheEndOfTheSetupSectors) {
  EXPECT_EQ(Parsed(BzImageBuilder().Version("6.1\x1b[2J")).version, "6.1");
  EXPECT_EQ(Parsed(BzImageBuilder().Version("")).version, "");
  EXPECT_EQ(Parsed(BzImageBuilder().Checksum(false).PokeBeforeChecksum<uint16_t>(0x20e, 0xffff)).version, "");
  const auto at_end =
      BzImageBuilder().Checksum(false).PokeBeforeChecksum<uint16_t>(0x20e, 5 * 512 - 0x200 - 1);
  EXPECT_EQ(Parsed(BzImageBuilder(at_end).PokeBeforeChecksum<uint8_t>(5 * 512 - 1, '6')).version, "6");
}

TEST(BzImage, ZeroMeansAsBeforeTheFieldExisted) {
  EXPECT_EQ(Parsed(BzImageBuilder().PrefAddress(0)).pref_address, PhysAddr(0x100000));
  EXPECT_EQ(Parsed(BzImageBuilder().InitSize(0)).init_size, 0x3000U);
  EXPECT_EQ(Parsed(BzImageBuilder().InitrdAddrMax(0)).initrd_addr_max, PhysAddr(0x37ffffff));
}

TEST(BzImage, InitSizeBelowTheKernelsSizeIsRaisedWithAWarning) {
  RecordingDiagnostics diagnostics;
  const auto image = ParseKernel(BzImageBuilder().InitSize(0xfff).Build(), {}, diagnostics);
  ASSERT_EQ(MessageOf(image), "success");
  EXPECT_EQ(std::get<BzImage>(image->image).init_size, 0x1000U);
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ::testing::ElementsAre("init_size 0xfff is less than the kernel's 0x1000 bytes; using the latter"));
}

TEST(BzImage, AlignmentOfAFixedKernelIsNotLookedAt) {
  const BzImage image = Parsed(BzImageBuilder().Relocatable(false).KernelAlignment(3));
  EXPECT_FALSE(image.relocatable);
  EXPECT_FALSE(image.alignment.has_value());
}

// memtest86+: a setup header, no packed payload, and a last paragraph that is not full.
TEST(BzImage, TheLastParagraphNeedNotBeFullWhereNoLinuxIsPacked) {
  const auto file = BzImageBuilder().Checksum(false).Version("").BuildBytes();
  const auto cut_by = [&](size_t bytes) {
    RecordingDiagnostics diagnostics;
    const auto shared = SharedBytes::Own({file.begin(), file.end() - static_cast<ptrdiff_t>(bytes)});
    return ParseKernel(shared, {}, diagnostics);
  };
  ASSERT_EQ(MessageOf(cut_by(15)), "success");
  EXPECT_EQ(std::get<BzImage>(cut_by(15)->image).kernel.size(), 0x1000u - 15);
  EXPECT_EQ(
      MessageOf(cut_by(16)),
      "bzImage64: the file is cut short: its header announces 0x1000 bytes of kernel from offset 0xa00 on, "
      "0xff0 are there");
}

TEST(BzImage, ACertificateTableMakesItSigned) {
  EXPECT_FALSE(Parsed(BzImageBuilder().Pe()).signed_pe);
  EXPECT_TRUE(Parsed(BzImageBuilder().Pe(1472)).signed_pe);
}

struct RealModeRow {
  const char* name;
  BzImageBuilder builder;
  const char* why;  // only real-mode code starts it; empty: there are other ways
  uint64_t command_line_max;
};

class RealModeOnly : public ::testing::TestWithParam<RealModeRow> {};

TEST_P(RealModeOnly, IsToldByTheHeader) {
  const BzImage image = Parsed(GetParam().builder);
  EXPECT_EQ(image.real_mode_only, GetParam().why);
  EXPECT_EQ(image.command_line_max, GetParam().command_line_max);
  EXPECT_EQ(image.setup.size(), 5U * 512U);
}

INSTANTIATE_TEST_SUITE_P(
    Each, RealModeOnly,
    ::testing::Values(
        RealModeRow{"Linux", BzImageBuilder(0x0203), "", 255},
        RealModeRow{"Memdisk", BzImageBuilder(0x0203).Version("MEMDISK 6.04 20200816"),
                    "it is syslinux' memdisk", 496},
        RealModeRow{"NotMemdisk", BzImageBuilder(0x0203).Version("6.1 MEMDISK"), "", 255},
        RealModeRow{"Ipxe", BzImageBuilder(0x0207).Poke<uint32_t>(0x214, 0).CommandLineSize(0x7ff),
                    "its code32_start is 0", 0x7ff},
        RealModeRow{"Wimboot", BzImageBuilder(0x0203).Poke<uint32_t>(0x214, 0), "its code32_start is 0", 255},
        RealModeRow{"Without64BitEntry",
                    BzImageBuilder(0x020c).XLoadFlags(0).PokeBeforeChecksum<uint32_t>(0x214, 0),
                    "its code32_start is 0", 2047},
        RealModeRow{"With64BitEntry", BzImageBuilder().PokeBeforeChecksum<uint32_t>(0x214, 0), "", 2047},
        RealModeRow{"Zimage", BzImageBuilder(0x0203).LoadFlags(0), "it is a zImage (LOADED_HIGH is clear)",
                    255}),
    [](const auto& test) { return test.param.name; });

TEST(BzImage, AZImageLiesAt64KiBAndNowhereElse) {
  const BzImage image = Parsed(BzImageBuilder(0x020a).LoadFlags(0));
  EXPECT_FALSE(image.loaded_high);
  EXPECT_EQ(image.pref_address, PhysAddr(0x10000));
  EXPECT_EQ(image.init_size, 0x1000U);
  EXPECT_FALSE(image.relocatable);
  EXPECT_EQ(image.alignment, std::nullopt);
}

}  // namespace
}  // namespace kexec::testing
