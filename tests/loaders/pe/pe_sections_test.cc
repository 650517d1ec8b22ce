// SPDX-License-Identifier: GPL-2.0-or-later
// The section table of PE images: what comes out lies in the file, or one sentence says why it does not.
#include "loaders/pe/pe_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/pe_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::StartsWith;

PeBuilder TwoSections() { return PeBuilder().Section(".text", "code").Section(".sectname", "two"); }

Result<PeImage> Read(const ByteVector& file) { return ReadPeImage(SharedBytes::Own(file)); }

TEST(PeSections, AreSlicesOfTheFileWithoutTheirPadding) {
  const SharedBytes file = SharedBytes::Own(TwoSections().Build());
  const auto image = ReadPeImage(file);
  ASSERT_TRUE(image.has_value()) << image.error().message();
  EXPECT_EQ(image->machine, kPeMachineX86_64);
  ASSERT_EQ(image->sections.size(), 2u);
  EXPECT_EQ(image->sections[0].name, ".text");
  EXPECT_EQ(image->sections[0].contents.size(), 4u);
  EXPECT_EQ(image->sections[0].contents.view().data(), file.view().data() + 0x200);
  EXPECT_EQ(image->sections[1].name, ".sectnam");  // eight bytes, no zero behind them
}

TEST(PeSections, AreAsLongAsTheFileHasThem) {
  // Virtual size 0: object files and old tools; one above the raw size: zeros follow in memory only.
  const ByteVector none = TwoSections().Poke(PeBuilder::HeaderOf(0) + 8, 0).Build();
  EXPECT_EQ(Read(none)->sections[0].contents.size(), 512u);
  const ByteVector more = TwoSections().Poke(PeBuilder::HeaderOf(0) + 8, 0xffffffff).Build();
  EXPECT_EQ(Read(more)->sections[0].contents.size(), 512u);
  const ByteVector empty = TwoSections().Poke(PeBuilder::HeaderOf(0) + 16, 0).Build();
  EXPECT_TRUE(Read(empty)->sections[0].contents.empty());
}

TEST(PeSections, AreRefusedOutsideTheFile) {
  const ByteVector far = TwoSections().Poke(PeBuilder::HeaderOf(1) + 20, 0xfffffff0).Build();
  EXPECT_EQ(MessageOf(Read(far)),
            "PE: section '.sectnam' covers 0x3 bytes from 0xfffffff0 on, the file ends at 0x600");
  const ByteVector whole = TwoSections().Build();
  EXPECT_EQ(MessageOf(Read(Cut(whole, 0x402))),
            "PE: section '.sectnam' covers 0x3 bytes from 0x400 on, the file ends at 0x402");
  EXPECT_EQ(MessageOf(Read(Cut(whole, 0x1b0))),
            "PE: the table of 2 sections begins at 0x188, the file ends at 0x1b0");
  EXPECT_EQ(MessageOf(Read(Cut(whole, 0x90))), "PE: the file ends at 0x90, inside the header");
  EXPECT_EQ(Read(Cut(whole, 0x90)).error().code(), Errc::kMalformed);
}

TEST(PeSections, AreRefusedOrReadUnchangedWhereverTheFileIsCut) {
  const ByteVector whole = TwoSections().Build();
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto image = Read(Cut(whole, size));
    if (image.has_value()) {
      ASSERT_EQ(image->sections.size(), 2u) << size;
      ASSERT_EQ(image->sections[1].contents.size(), 3u) << size;
    }
    ASSERT_EQ(image.has_value(), size >= 0x403) << size;
  }
}

TEST(PeSections, NeedAPeHeader) {
  EXPECT_THAT(MessageOf(Read(BytesOf("hello\n"))), StartsWith("this looks like text, not like a PE image"));
  EXPECT_EQ(Read(BytesOf("hello\n")).error().code(), Errc::kNotRecognised);
  const ByteVector far = TwoSections().Poke(0x3c, 0xfffffffe).Build();
  EXPECT_FALSE(RecognisesPe(far));
  EXPECT_FALSE(HasPeSection(far, ".text"));
  EXPECT_TRUE(HasPeSection(TwoSections().Build(), ".text"));
  EXPECT_FALSE(HasPeSection(TwoSections().Build(), ".tex"));
}

TEST(PeMachine, HasAName) {
  EXPECT_EQ(PeMachineName(kPeMachineX86_64), "x86-64");
  EXPECT_EQ(PeMachineName(0xaa64), "arm64");
  EXPECT_EQ(PeMachineName(0x1234), "machine 0x1234");
}

}  // namespace
}  // namespace kexec::testing
