// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/pe/addon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/pe_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

Result<PeAddon> Read(const PeBuilder& builder) { return ReadPeAddon(SharedBytes::Own(builder.Build())); }

TEST(PeAddon, BringsWhatAKernelCanBeGiven) {
  const auto addon = Read(PeBuilder(0xaa64)
                              .Section(".text", "stub")
                              .Section(".cmdline", "debug\n")
                              .Section(".initrd", "initrd")
                              .Section(".ucode", "microcode")
                              .Section(".uname", "6.1.0-test")
                              .Section(".dtbauto", "dtb"));
  ASSERT_TRUE(addon.has_value()) << addon.error().message();
  EXPECT_EQ(addon->machine, 0xaa64);
  EXPECT_EQ(addon->parts.command_line, "debug");
  EXPECT_EQ(addon->parts.initrd->size(), 6u);
  EXPECT_EQ(addon->parts.microcode->size(), 9u);
  EXPECT_EQ(addon->parts.release, "6.1.0-test");
  EXPECT_EQ(addon->parts.auto_trees.size(), 1u);
  EXPECT_TRUE(Read(PeBuilder().Section(".dtb", "dtb")).has_value());
}

TEST(PeAddon, IsRefusedWithWhatItIs) {
  EXPECT_EQ(MessageOf(Read(PeBuilder().Section(".cmdline", "a").Section(".linux", "kernel"))),
            "not an add-on, but a unified kernel image: it has a section '.linux'");
  EXPECT_EQ(
      MessageOf(Read(PeBuilder().Section(".text", "a").Section(".sbat", "b"))),
      "not an add-on: it has none of '.cmdline', '.initrd', '.ucode' and '.dtb' (it has '.text', '.sbat')");
  EXPECT_EQ(
      MessageOf(Read(PeBuilder())),
      "not an add-on: it has none of '.cmdline', '.initrd', '.ucode' and '.dtb' (it has no section at all)");
  EXPECT_EQ(MessageOf(ReadPeAddon(SharedBytes::Own(BytesOf("text\n")))),
            "this looks like text, not like a PE image");
}

}  // namespace
}  // namespace kexec::testing
