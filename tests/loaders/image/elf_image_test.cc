// SPDX-License-Identifier: GPL-2.0-or-later
// vmlinux for arm64 and riscv64: the Image they would make.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/kernel_image.h"
#include "tests/support/linux_image_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kArm64Base = 0xffff800080000000;

Result<KernelImage> Parse(const ElfBuilder& builder) {
  RecordingDiagnostics diagnostics;
  return ParseKernel(builder.BuildShared(), {}, diagnostics);
}

TEST(Arm64Elf, IsItsImageInPieces) {
  const auto kernel = Parse(LinuxImageBuilder::Arm64().BuildElf(kElfArm64, kArm64Base));
  ASSERT_EQ(MessageOf(kernel), "success");
  EXPECT_EQ(kernel->type, "vmlinux");
  EXPECT_EQ(kernel->machine, "aarch64");
  const auto& image = std::get<ImageKernel>(kernel->image);
  EXPECT_EQ(image.image_size, 0x40000u);
  EXPECT_TRUE(image.anywhere);
  EXPECT_EQ(image.version, "6.12.0-test (builder@example.org) #1 SMP");
  // Gaps belong to the piece before them, and what no program header asks for to the last.
  ASSERT_EQ(image.pieces.size(), 2u);
  EXPECT_EQ(image.pieces[0].address, PhysAddr(0));
  EXPECT_EQ(image.pieces[0].memory_size, 0x2000u);
  EXPECT_EQ(image.pieces[1].address, PhysAddr(0x2000));
  EXPECT_EQ(image.pieces[1].memory_size, 0x40000u - 0x2000u);
}

TEST(Arm64Elf, MayBeLinkedAtItsOldOffset) {
  const auto builder = LinuxImageBuilder::Arm64().Sizes(0x80000, 0x40000);
  const auto kernel = Parse(builder.BuildElf(kElfArm64, 0xffff000008080000));
  ASSERT_EQ(MessageOf(kernel), "success");
  EXPECT_EQ(std::get<ImageKernel>(kernel->image).text_offset, 0x80000u);
  EXPECT_EQ(std::get<ImageKernel>(kernel->image).pieces[0].address, PhysAddr(0));
}

TEST(RiscvElf, MayNameVirtualOrPhysicalAddresses) {
  const auto builder = LinuxImageBuilder::Riscv64();
  ElfBuilder physical;  // p_paddr from 0 on, the entry point virtual
  const ByteVector& bytes = builder.Build();
  physical.Machine(kElfRiscv).Entry(0xffffffff80000000).Type(3);
  physical.Load({0, 0xffffffff80000000, bytes});
  for (const ElfBuilder& elf : {builder.BuildElf(kElfRiscv, 0xffffffff80000000), physical}) {
    const auto kernel = Parse(elf);
    ASSERT_EQ(MessageOf(kernel), "success");
    EXPECT_EQ(kernel->type, "elf-riscv");
    EXPECT_EQ(kernel->machine, "riscv64");
    EXPECT_EQ(std::get<ImageKernel>(kernel->image).pieces[0].address, PhysAddr(0));
  }
}

TEST(ElfImages, AreRefusedWithoutAHeaderOrWithAWrongOne) {
  const auto arm64 = LinuxImageBuilder::Arm64();
  EXPECT_EQ(MessageOf(Parse(arm64.BuildElf(kElfRiscv, 0x80000000))),
            "elf-riscv: there is no Image header at the entry point 0x80000000: only Linux is loaded");
  EXPECT_EQ(MessageOf(Parse(arm64.BuildElf(kElfArm64, kArm64Base).Entry(kArm64Base + 0x2fff))),
            "vmlinux: there is no Image header at the entry point 0xffff800080002fff: only Linux is loaded");
  EXPECT_EQ(MessageOf(Parse(arm64.BuildElf(kElfArm64, 0x1000).Load({0, 0, BytesOf("below"), 0x800}))),
            "vmlinux: the first piece is linked to 0x0, but the entry point with the header is 0x1000");
  EXPECT_EQ(MessageOf(Parse(LinuxImageBuilder::Arm64().Sizes(0, 0x2800).BuildElf(kElfArm64, kArm64Base))),
            "vmlinux: image_size is 0x2800, but the program headers reach to 0x5000");
}

TEST(ElfImages, OfUserSpaceAreNoKernels) {
  auto elf = LinuxImageBuilder::Arm64().BuildElf(kElfArm64, kArm64Base);
  elf.Segment(3, BytesOf("/lib/ld-linux-aarch64.so.1"));
  EXPECT_THAT(MessageOf(Parse(elf)),
              ::testing::StartsWith("this looks like an ELF executable (arm64), not like a kernel "));
}

}  // namespace
}  // namespace kexec::testing
