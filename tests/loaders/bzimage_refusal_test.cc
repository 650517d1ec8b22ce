// SPDX-License-Identifier: GPL-2.0-or-later
// What the loader refuses, in which words; and that no prefix of an image is taken for another image.
#include <gtest/gtest.h>

#include <algorithm>

#include "loaders/kernel_image.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

struct Row {
  const char* name;
  BzImageBuilder builder;
  Errc code;
  const char* message;
};

std::vector<Row> Rows() {
  using B = BzImageBuilder;
  return {
      {"AlignmentThree", B().KernelAlignment(3), Errc::kMalformed,
       "bzImage64: kernel_alignment is 0x3, it must be a power of two"},
      {"AlignmentZero", B().KernelAlignment(0), Errc::kMalformed,
       "bzImage64: kernel_alignment is 0x0, it must be a power of two"},
      {"AlignmentAllOnes", B().KernelAlignment(0xffffffff), Errc::kMalformed,
       "bzImage64: kernel_alignment is 0xffffffff, it must be a power of two"},
      {"SyssizeOneTooMany", B().Poke<uint32_t>(0x1f4, 0x101), Errc::kMalformed,
       "bzImage64: the file is cut short: its header announces 0x1010 bytes of kernel from offset 0xa00 on, "
       "0x1000 are there"},
      {"SyssizeAtTwoToThe31", B().Poke<uint32_t>(0x1f4, 0x80000000), Errc::kMalformed,
       "bzImage64: the file is cut short: its header announces 0x800000000 bytes of kernel from offset 0xa00 "
       "on, "
       "0x1000 are there"},
      {"SyssizeAllOnes", B().Poke<uint32_t>(0x1f4, 0xffffffff), Errc::kMalformed,
       "bzImage64: the file is cut short: its header announces 0xffffffff0 bytes of kernel from offset 0xa00 "
       "on, "
       "0x1000 are there"},
      {"SetupSectorsReachBehindTheFile", B().Poke<uint8_t>(0x1f1, 255), Errc::kMalformed,
       "bzImage64: the file is cut short: its 255 setup sectors end at 0x20000 and the kernel follows, the "
       "file is "
       "0x1a00 bytes"},
      {"PayloadBehindTheKernel", B().Poke<uint32_t>(0x248, 0x1001), Errc::kMalformed,
       "bzImage64: the payload, 0x0 bytes at offset 0x1001, ends behind the kernel's 0x1000 bytes"},
      {"PayloadOneByteTooLong", B().Poke<uint32_t>(0x248, 0x800).Poke<uint32_t>(0x24c, 0x801),
       Errc::kMalformed,
       "bzImage64: the payload, 0x801 bytes at offset 0x800, ends behind the kernel's 0x1000 bytes"},
      {"PayloadWraps32Bits", B().Poke<uint32_t>(0x248, 0x800).Poke<uint32_t>(0x24c, 0xfffffff0),
       Errc::kMalformed,
       "bzImage64: the payload, 0xfffffff0 bytes at offset 0x800, ends behind the kernel's 0x1000 bytes"},
      {"PrefAddressAtTheEndOf64Bits", B().PrefAddress(0xffffffffffffffff), Errc::kMalformed,
       "bzImage64: pref_address 0xffffffffffffffff plus init_size 0x3378000 exceeds 64 bits"},
      {"PrefAddressWrapsByOne", B().PrefAddress(0xfffffffffcc88000), Errc::kMalformed,
       "bzImage64: pref_address 0xfffffffffcc88000 plus init_size 0x3378000 exceeds 64 bits"},
      {"HeaderTooShortForItsProtocol", B().Poke<uint8_t>(0x201, 0x69), Errc::kMalformed,
       "bzImage64: the setup header ends at 0x26b, boot protocol 2.15 needs it to reach 0x26c"},
      {"JumpBackwards", B().Poke<uint8_t>(0x201, 0x80), Errc::kMalformed,
       "bzImage64: the jump at 0x200 that gives the setup header's length is eb 80, it must be eb 00 to eb "
       "7f"},
      {"NoJump", B().Poke<uint8_t>(0x200, 0xe9), Errc::kMalformed,
       "bzImage64: the jump at 0x200 that gives the setup header's length is e9 6a, it must be eb 00 to eb "
       "7f"},
      {"ProtocolThree", B().Poke<uint16_t>(0x206, 0x0300), Errc::kUnsupported,
       "bzImage64: boot protocol 3.00 is not known, only 2.00 to 2.99 are"},
      {"EntryBehindTheKernel", B().KernelSize(0x200), Errc::kMalformed,
       "bzImage64: the 64-bit entry point at offset 0x200 lies behind the kernel's 0x200 bytes"},
      {"OneBitFlipped", B().Poke<uint8_t>(0xb00, 0x00), Errc::kMalformed,
       "bzImage64: the file is damaged: the CRC-32 over its first 0x1a00 bytes leaves 0xc1f565f1, it must "
       "leave 0"},
      {"OneBitFlippedInASignedKernel", B().Pe(1472).Poke<uint8_t>(0xb00, 0x00), Errc::kMalformed,
       "bzImage64: the file is damaged: the CRC-32 over its first 0x1a00 bytes leaves 0xc1f565f1, it must "
       "leave 0"},
  };
}

TEST(BzImageRefusal, SaysWhatIsWrongAndWhereInOneSentence) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    RecordingDiagnostics diagnostics;
    const auto image = ParseKernel(row.builder.Build(), {}, diagnostics);
    EXPECT_EQ(MessageOf(image), row.message);
    if (!image) {
      EXPECT_EQ(image.error().code(), row.code);
    }
  }
}

TEST(BzImageRefusal, LargestValuesThatStillFitAreTaken) {
  RecordingDiagnostics diagnostics;
  const auto parse = [&](const BzImageBuilder& builder) {
    return MessageOf(ParseKernel(builder.Build(), {}, diagnostics));
  };
  EXPECT_EQ(parse(BzImageBuilder().KernelAlignment(0x80000000)), "success");
  EXPECT_EQ(parse(BzImageBuilder().PrefAddress(0xfffffffffcc87fff)), "success");
  EXPECT_EQ(parse(BzImageBuilder().PrefAddress(0x8000000000000000)), "success");
  EXPECT_EQ(parse(BzImageBuilder().InitSize(0xffffffff)), "success");
  EXPECT_EQ(parse(BzImageBuilder().CommandLineSize(0xffffffff)), "success");
  EXPECT_EQ(parse(BzImageBuilder().InitrdAddrMax(0xffffffff)), "success");
  EXPECT_EQ(parse(BzImageBuilder().KernelSize(0x210)), "success");
  EXPECT_EQ(parse(BzImageBuilder().PokeBeforeChecksum<uint32_t>(0x248, 0x1000)), "success");
}

// For each protocol: cut at every byte of boot sector and setup sectors, then at every byte of the kernel.
TEST(BzImageRefusal, APrefixIsNeverTakenForAnImage) {
  for (const uint16_t protocol : std::initializer_list<uint16_t>{0x0200, 0x0204, 0x0208, 0x020b, 0x020f}) {
    const SharedBytes file = BzImageBuilder(protocol).Pe().Build();
    for (uint64_t size = 0; size < file.size(); ++size) {
      RecordingDiagnostics diagnostics;
      const auto image = ParseKernel(*file.Slice(0, size), {}, diagnostics, {.verify_checksum = false});
      // Before 2.04 nothing tells how long the kernel is: only the setup part can be missed. From then on
      // units of 16 bytes tell, and these images pack no Linux: theirs may end inside the last one.
      const bool undetectable = protocol < 0x0204 ? size > 5 * 512 : file.size() - size < 16;
      ASSERT_EQ(image.has_value(), undetectable) << "protocol " << protocol << ", " << size << " bytes";
      if (image) continue;
      ASSERT_EQ(image.error().code(), size < 0x208 ? Errc::kNotRecognised : Errc::kMalformed) << size;
    }
  }
}

// Every single byte of the header set to 0x00, 0x7f, 0x80, 0xff: an error or a value that keeps its promises.
TEST(BzImageRefusal, NoHeaderByteBreaksTheParsersPromises) {
  const std::vector<std::byte> sound = BzImageBuilder().Pe(64).BuildBytes();
  for (uint64_t offset = 0; offset < 0x300; ++offset) {
    for (unsigned value : {0x00U, 0x7fU, 0x80U, 0xffU}) {
      std::vector<std::byte> changed = sound;
      changed[offset] = static_cast<std::byte>(value);
      SilentDiagnostics diagnostics;
      const auto parsed = ParseKernel(SharedBytes::Own(changed), {}, diagnostics, {.verify_checksum = false});
      if (!parsed) continue;
      const auto& image = std::get<BzImage>(parsed->image);
      ASSERT_LE(image.setup_header.size(), 0x90U) << offset << " = " << value;
      ASSERT_FALSE(image.kernel.empty()) << offset << " = " << value;
      ASSERT_GE(image.init_size, image.kernel.size()) << offset << " = " << value;
      ASSERT_EQ(image.relocatable, image.alignment.has_value()) << offset << " = " << value;
    }
  }
}

// With the CRC on, any changed byte before the end of the kernel is noticed, except the signer's fields.
TEST(BzImageRefusal, TheChecksumNoticesAnyChangedByte) {
  const std::vector<std::byte> sound = BzImageBuilder().Pe(64).BuildBytes();
  const uint64_t end = 5 * 512 + 0x1000;
  for (uint64_t offset = 0x210; offset < end; ++offset) {
    std::vector<std::byte> changed = sound;
    changed[offset] ^= std::byte{0x10};
    SilentDiagnostics diagnostics;
    const auto image = ParseKernel(SharedBytes::Own(changed), {}, diagnostics);
    // The version string decides whether a CRC must hold; damage may take away its digits.
    const bool version_field = offset == 0x20e || offset == 0x20f || (offset >= 0x300 && offset < 0x304);
    if (version_field) continue;
    ASSERT_FALSE(image.has_value()) << "offset " << offset;
  }
}

TEST(BzImageRefusal, SignersFieldsAndTrailingBytesDoNotCount) {
  RecordingDiagnostics diagnostics;
  const auto builder = BzImageBuilder()
                           .Pe(1472)
                           .Trailing(7)
                           .Poke<uint32_t>(BzImageBuilder::kPeChecksum, 0xdeadbeef)
                           .Poke<uint64_t>(BzImageBuilder::kPeCertificate, 0x1122334455667788);
  EXPECT_EQ(MessageOf(ParseKernel(builder.Build(), {}, diagnostics)), "success");
}

TEST(BzImageRefusal, AKernelBuiltWithoutAChecksumIsTakenWithANote) {
  for (const char* version : {"6.16.0-rc1", "6.16", "7.0.1", "Memtest86+ v6.10", "", "6"}) {
    SCOPED_TRACE(version);
    RecordingDiagnostics diagnostics;
    EXPECT_EQ(
        MessageOf(ParseKernel(BzImageBuilder().Version(version).Checksum(false).Build(), {}, diagnostics)),
        "success");
    ASSERT_EQ(diagnostics.notes().size(), 1U);
    EXPECT_EQ(diagnostics.notes()[0],
              "bzImage: the image carries no CRC-32, damage to it would not be noticed");
  }
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(MessageOf(ParseKernel(BzImageBuilder(0x0207).Checksum(false).Build(), {}, diagnostics)),
            "success");
}

TEST(BzImageRefusal, OnAskingTheChecksumIsLeftOut) {
  RecordingDiagnostics diagnostics;
  const SharedBytes damaged = BzImageBuilder().Poke<uint8_t>(0xb00, 0x00).Build();
  EXPECT_EQ(MessageOf(ParseKernel(damaged, {}, diagnostics, {.verify_checksum = false})), "success");
}

}  // namespace
}  // namespace kexec::testing
