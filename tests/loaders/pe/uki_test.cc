// SPDX-License-Identifier: GPL-2.0-or-later
// Unified kernel images: sections, profiles over a base, and whole messages for those that are none.
#include "loaders/pe/uki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/pe_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string TextOf(const std::optional<SharedBytes>& bytes) {
  if (!bytes) return "none";
  const Bytes view = bytes->view();
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}

PeBuilder Plain() {
  return PeBuilder()
      .Section(".text", "stub")
      .Section(".osrel", "ID=debian\nPRETTY_NAME=\"Debian 12\"\n")
      .Section(".cmdline", std::string_view(" root=/dev/vda\nquiet \n\0\0", 24))
      .Section(".dtb", "dtb")
      .Section(".dtbauto", "one")
      .Section(".dtbauto", "two")
      .Section(".sbat", "sbat,1")
      .Section(".uname", "6.1.0-test")
      .Section(".ucode", "microcode")
      .Section(".initrd", "initrd")
      .Section(".linux", "kernel");
}

PeBuilder WithProfiles() {
  return PeBuilder()
      .Section(".cmdline", "base")
      .Section(".initrd", "initrd")
      .Section(".linux", "kernel")
      .Section(".profile", "ID=regular\nTITLE=\"Regular boot\"\n")
      .Section(".profile", "ID=reset\nTITLE=Reset")
      .Section(".cmdline", "reset=1")
      .Section(".initrd", "other")
      .Section(".profile", "")
      .Section(".linux", "other kernel")
      .Section(".profile", "ID=0");
}

Result<Uki> Read(const PeBuilder& builder, const std::optional<std::string>& profile = {}) {
  return ReadUki(SharedBytes::Own(builder.Build()), profile);
}

TEST(Uki, HasBoundedProfiles) {
  PeBuilder builder = PeBuilder().Section(".linux", "kernel");
  for (int i = 0; i < 256; ++i) builder.Section(".profile", fmt::format("ID=p{}", i));
  EXPECT_EQ(Read(builder)->profiles.size(), 256u);
  EXPECT_EQ(MessageOf(Read(builder, "none")),
            "there is no profile 'none' (there are: 0 'p0', 1 'p1', 2 'p2', 3 'p3', 4 'p4', 5 'p5', 6 'p6', "
            "7 'p7', "
            "8 'p8', 9 'p9', 10 'p10', 11 'p11', 12 'p12', 13 'p13', 14 'p14', 15 'p15' and 240 more)");
  builder.Section(".profile", "ID=one-too-many");
  EXPECT_EQ(MessageOf(Read(builder)), "the image has more than 256 profiles");
}

TEST(Uki, HasBoundedTexts) {
  for (const char* name : {".profile", ".osrel"}) {
    const auto with = [&](size_t size) {
      return MessageOf(Read(PeBuilder().Section(".linux", "kernel").Section(name, std::string(size, '#'))));
    };
    EXPECT_EQ(with(0x10000), "success");
    EXPECT_EQ(
        with(0x10001),
        fmt::format("its section '{}' has 0x10001 bytes of text, more than 0x10000 are not read", name));
  }
}

// Each tree is read: thousands of sections with the same bytes would be a file of no size that takes hours.
TEST(Uki, HasTreesOfTheirOwn) {
  PeBuilder builder;
  builder.Section(".linux", "kernel")
      .Section(".dtbauto", std::string(0x1000, 'a'))
      .Section(".dtbauto", std::string(0x1000, 'b'));
  EXPECT_EQ(MessageOf(Read(builder)), "success");
  const auto first = ReadAt<Le<uint32_t>>(builder.Build(), PeBuilder::HeaderOf(1) + 20);  // PointerToRawData
  PeBuilder sharing;
  sharing.Section(".linux", "kernel").Section(".dtbauto", std::string(0x1000, 'a'));
  for (size_t i = 2; i < 8; ++i) {
    sharing.Section(".dtbauto", "");
    const size_t header = PeBuilder::HeaderOf(i);
    sharing.Poke(header + 8, 0x1000).Poke(header + 16, 0x1000).Poke(header + 20, *first);
  }
  EXPECT_EQ(MessageOf(Read(sharing)),
            fmt::format("its sections '.dtbauto' have more bytes than the {:#x} of the file: they "
                        "share them",
                        sharing.Build().size()));
}

TEST(Uki, IsTakenApart) {
  const auto uki = Read(Plain());
  ASSERT_TRUE(uki.has_value()) << uki.error().message();
  EXPECT_EQ(TextOf(uki->parts.kernel), "kernel");
  EXPECT_EQ(TextOf(uki->parts.initrd), "initrd");
  EXPECT_EQ(TextOf(uki->parts.microcode), "microcode");
  EXPECT_EQ(uki->parts.command_line, "root=/dev/vda quiet");
  EXPECT_EQ(uki->parts.release, "6.1.0-test");
  EXPECT_EQ(uki->parts.os_release, "ID=debian\nPRETTY_NAME=\"Debian 12\"\n");
  EXPECT_THAT(uki->parts.unused, ElementsAre(".sbat"));
  EXPECT_EQ(TextOf(uki->parts.tree), "dtb");
  ASSERT_EQ(uki->parts.auto_trees.size(), 2u);
  EXPECT_EQ(TextOf(uki->parts.auto_trees[0]), "one");
  EXPECT_THAT(uki->profiles, IsEmpty());
  EXPECT_EQ(uki->profile, std::nullopt);
  EXPECT_EQ(ProfileName(*uki), "");
}

TEST(Uki, MayHoldAKernelOnly) {
  const auto uki = Read(PeBuilder().Section(".linux", "kernel"));
  ASSERT_TRUE(uki.has_value()) << uki.error().message();
  EXPECT_EQ(uki->parts.command_line, std::nullopt);
  EXPECT_EQ(uki->parts.initrd.has_value(), false);
}

TEST(UkiProfile, OverridesTheBase) {
  const auto first = Read(WithProfiles());
  ASSERT_TRUE(first.has_value()) << first.error().message();
  EXPECT_EQ(first->profile, 0u);
  EXPECT_EQ(ProfileName(*first), "profile 0 ('regular')");
  EXPECT_EQ(first->profiles.at(0).title, "Regular boot");
  EXPECT_EQ(first->parts.command_line, "base");
  EXPECT_EQ(TextOf(first->parts.initrd), "initrd");
  for (const char* name : {"reset", "1", "@1"}) {
    const auto reset = Read(WithProfiles(), name);
    ASSERT_TRUE(reset.has_value()) << reset.error().message();
    EXPECT_EQ(reset->profile, 1u);
    EXPECT_EQ(reset->parts.command_line, "reset=1");
    EXPECT_EQ(TextOf(reset->parts.initrd), "other");
    EXPECT_EQ(TextOf(reset->parts.kernel), "kernel");
  }
  const auto third = Read(WithProfiles(), "2");
  ASSERT_TRUE(third.has_value()) << third.error().message();
  EXPECT_EQ(TextOf(third->parts.kernel), "other kernel");
  EXPECT_EQ(ProfileName(*third), "profile 2");
}

TEST(UkiProfile, IsLookedForByIdFirst) {
  EXPECT_EQ(Read(WithProfiles(), "0")->profile, 3u);
  EXPECT_EQ(Read(WithProfiles(), "@0")->profile, 0u);
}

TEST(UkiProfile, ThatIsNotThereIsRefusedWithThoseThatAre) {
  for (const char* name : {"other", "4", "@", "@-1", "", "99999999999999999999"}) {
    const auto uki = Read(WithProfiles(), name);
    EXPECT_EQ(MessageOf(uki),
              fmt::format("there is no profile '{}' (there are: 0 'regular', 1 'reset', 2, 3 '0')", name));
    EXPECT_EQ(uki.error().code(), Errc::kUsage);
  }
  EXPECT_EQ(MessageOf(Read(Plain(), "0")), "there is no profile '0': the image has no profiles");
}

TEST(Uki, IsRefusedWithTwoOfASection) {
  EXPECT_EQ(MessageOf(Read(Plain().Section(".cmdline", "again"))), "PE: there are two sections '.cmdline'");
  EXPECT_EQ(MessageOf(Read(WithProfiles().Section(".initrd", "a").Section(".initrd", "b"), "@3")),
            "profile 3 ('0'): PE: there are two sections '.initrd'");
}

TEST(Uki, IsRefusedWithoutAKernel) {
  EXPECT_EQ(MessageOf(Read(PeBuilder().Section(".linux", ""))),
            "the image has no kernel in a section '.linux'");
  const auto builder =
      PeBuilder().Section(".profile", "ID=a").Section(".profile", "ID=b").Section(".linux", "kernel");
  EXPECT_EQ(MessageOf(Read(builder)), "profile 0 ('a') has no kernel in a section '.linux'");
  EXPECT_TRUE(Read(builder, "b").has_value());
}

TEST(Uki, IsTold) {
  EXPECT_TRUE(RecognisesUki(Plain().Build()));
  const PeBuilder addon = PeBuilder().Section(".cmdline", "quiet");
  EXPECT_FALSE(RecognisesUki(addon.Build()));
  EXPECT_EQ(MessageOf(Read(addon)),
            "this looks like a PE image without a Linux setup header, not like a unified kernel image");
  EXPECT_EQ(Read(addon).error().code(), Errc::kNotRecognised);
}

TEST(Uki, IsRefusedWhereverItIsCut) {
  const ByteVector whole = Plain().Build();
  const size_t end = whole.size() - 512 + 6;  // of .linux
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_EQ(ReadUki(SharedBytes::Own(Cut(whole, size)), {}).has_value(), size >= end) << size;
  }
}

}  // namespace
}  // namespace kexec::testing
