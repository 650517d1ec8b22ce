// SPDX-License-Identifier: GPL-2.0-or-later
// Images for arm64 and riscv64: what their headers say, and which are refused.
#include <gtest/gtest.h>

#include "loaders/kernel_image.h"
#include "tests/support/linux_image_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

Result<KernelImage> Parse(const LinuxImageBuilder& builder, std::string_view machine = {},
                          std::string_view type = {}) {
  RecordingDiagnostics diagnostics;
  return ParseKernel(builder.BuildShared(), type, diagnostics, {.machine = machine});
}

ImageKernel Read(const LinuxImageBuilder& builder) {
  const auto kernel = Parse(builder);
  EXPECT_EQ(MessageOf(kernel), "success");
  return kernel.has_value() ? std::get<ImageKernel>(kernel->image) : ImageKernel{};
}

TEST(Arm64Image, SaysWhatItNeeds) {
  const SharedBytes file = LinuxImageBuilder::Arm64().BuildShared();
  RecordingDiagnostics diagnostics;
  const auto kernel = ParseKernel(file, {}, diagnostics);
  ASSERT_EQ(MessageOf(kernel), "success");
  EXPECT_EQ(kernel->type, "Image");
  EXPECT_EQ(kernel->machine, "aarch64");
  EXPECT_EQ(RunBytes(*kernel), 0x40000u);
  EXPECT_EQ(CommandLineLimit(*kernel), 2047u);
  const auto& image = std::get<ImageKernel>(kernel->image);
  EXPECT_EQ(image.text_offset, 0u);
  EXPECT_EQ(image.page_size, ImagePageSize::k4K);
  EXPECT_TRUE(image.anywhere && image.image_size_told && !image.big_endian);
  EXPECT_EQ(image.version, "6.12.0-test (builder@example.org) #1 SMP");
  ASSERT_EQ(image.pieces.size(), 1u);
  EXPECT_EQ(image.pieces[0].address, PhysAddr(0));
  EXPECT_EQ(image.pieces[0].memory_size, 0x40000u);
  EXPECT_EQ(image.pieces[0].contents.view().data(), file.view().data());  // not copied
  EXPECT_EQ(image.pieces[0].contents.size(), file.size());
}

TEST(Arm64Image, ReadsEachFlag) {
  const auto with_flags = [](uint64_t flags) { return Read(LinuxImageBuilder::Arm64().Put(24, flags)); };
  EXPECT_FALSE(with_flags(0).anywhere);
  EXPECT_EQ(with_flags(0).page_size, ImagePageSize::kUnspecified);
  EXPECT_EQ(with_flags(4).page_size, ImagePageSize::k16K);
  EXPECT_EQ(with_flags(6).page_size, ImagePageSize::k64K);
  EXPECT_TRUE(with_flags(1).big_endian);
  EXPECT_TRUE(with_flags(8).anywhere);
}

TEST(Arm64Image, IsEstimatedWhereAnOldHeaderDoesNotTell) {
  // Before 3.17: text_offset in the kernel's own byte order, no image_size, flags undefined.
  const ImageKernel image = Read(LinuxImageBuilder::Arm64().Sizes(0x0000080000000000, 0));
  EXPECT_EQ(image.text_offset, 0x80000u);
  EXPECT_EQ(image.image_size, 0x3000u + 0x1000000u);
  EXPECT_FALSE(image.image_size_told || image.anywhere || image.big_endian);
}

TEST(Arm64Image, LoadsNoMoreThanItsSize) {
  const ImageKernel image = Read(LinuxImageBuilder::Arm64().Sizes(0, 0x2800));
  EXPECT_EQ(image.pieces[0].contents.size(), 0x2800u);
  EXPECT_EQ(image.pieces[0].memory_size, 0x2800u);
}

TEST(Arm64Image, IsRefusedWithImpossibleSizes) {
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64().Sizes(0, 63))),
            "Image: image_size is 0x3f; a kernel takes 0x40 to 0x80000000 bytes");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64().Sizes(0, UINT64_MAX))),
            "Image: image_size is 0xffffffffffffffff; a kernel takes 0x40 to 0x80000000 bytes");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64().Sizes(0x80010, 0x40000))),
            "Image: text_offset is 0x80010; it must be a multiple of 0x1000, at most 0x80000000");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64().Sizes(uint64_t{1} << 63, 0x40000))),
            "Image: text_offset is 0x8000000000000000; it must be a multiple of 0x1000, at most 0x80000000");
}

TEST(Arm64Image, IsRefusedWhereItsEfiStubSaysItIsCut) {
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64().EfiStub(0x3000))), "success");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64().EfiStub(0x3001))),
            "Image: the EFI stub's header: PE: section '.text' covers 0x2001 bytes from 0x1000 on, the file "
            "ends at 0x3000");
}

TEST(RiscvImage, SaysWhatItNeeds) {
  const auto kernel = Parse(LinuxImageBuilder::Riscv64());
  ASSERT_EQ(MessageOf(kernel), "success");
  EXPECT_EQ(kernel->type, "image-riscv");
  EXPECT_EQ(kernel->machine, "riscv64");
  EXPECT_EQ(CommandLineLimit(*kernel), 1023u);
  const auto& image = std::get<ImageKernel>(kernel->image);
  EXPECT_EQ(image.text_offset, 0x200000u);
  EXPECT_EQ(image.image_size, 0x40000u);
  EXPECT_TRUE(image.anywhere && image.image_size_told && !image.big_endian);
  EXPECT_EQ(image.version, "6.12.0-test (builder@example.org) #1 SMP");
}

TEST(RiscvImage, IsKnownByEitherMagic) {
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Riscv64().Put<uint64_t>(48, 0))), "success");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Riscv64().Put<uint32_t>(56, 0).Put<uint32_t>(32, 1))),
            "success");
}

TEST(RiscvImage, IsRefusedWhereItCannotRun) {
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Riscv64().Put<uint32_t>(32, 0x10002))),
            "image-riscv: header version 1.2; 0.1 and up are known, 1.0 and up are not");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Riscv64().Put<uint64_t>(24, 1))),
            "image-riscv: a big-endian kernel for RISC-V");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Riscv64().Sizes(0x400000, 0x40000))),
            "image-riscv: a kernel for 32-bit RISC-V (text_offset is 0x400000)");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Riscv64().Sizes(0x200000, 0))),
            "image-riscv: image_size is 0x0; a kernel takes 0x40 to 0x80000000 bytes");
}

TEST(Images, AreRefusedOnOtherMachines) {
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64(), "aarch64")), "success");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64(), "x86_64")),
            "this is a kernel for aarch64 (of type 'Image'), the machine is x86_64");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Riscv64(), "aarch64", "image-riscv")),
            "this is a kernel for riscv64 (of type 'image-riscv'), the machine is aarch64");
  EXPECT_EQ(Parse(LinuxImageBuilder::Arm64(), "x86_64").error().code(), Errc::kUnsupported);
}

TEST(Images, OfferTheTypesOfTheMachineOnly) {
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(
      MessageOf(ParseKernel(SharedBytes::Own(BytesOf("hello")), {}, diagnostics, {.machine = "riscv64"})),
      "this looks like text, not like a kernel (supported: image-riscv, elf-riscv)");
}

TEST(Images, ParseNoPrefixDifferently) {
  for (const auto& builder : {LinuxImageBuilder::Arm64().EfiStub(0x3000), LinuxImageBuilder::Riscv64()}) {
    const ByteVector& whole = builder.Build();
    for (size_t size = 0; size < 0x400; ++size) {
      SilentDiagnostics diagnostics;
      const auto cut = ParseKernel(SharedBytes::Own(Cut(whole, size)), {}, diagnostics);
      if (!cut.has_value()) continue;
      // A RISC-V header says nothing about its file; what it says about memory stays the same.
      EXPECT_EQ(cut->type, "image-riscv");
      EXPECT_GE(size, 64u);
      EXPECT_EQ(std::get<ImageKernel>(cut->image).image_size, 0x40000u);
    }
  }
}

}  // namespace
}  // namespace kexec::testing
