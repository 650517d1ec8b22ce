// SPDX-License-Identifier: GPL-2.0-or-later
// --module, and what plans say of kernels that are no bzImage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"
#include "tests/support/elf_builder.h"
#include "tests/support/multiboot_builder.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::AsText;
using testing::BytesOf;
using testing::CmdWorld;
using testing::ElfBuilder;
using testing::Gzip;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// An ELF file at 1 MiB that begins with a Multiboot 1 header.
std::string WriteMultiboot(CmdWorld& world) {
  std::vector<std::byte> contents = testing::Multiboot1Bytes(0);
  contents.resize(0x800);
  const auto file = ElfBuilder(false)
                        .Entry(0x100010)
                        .Load({.address = 0x100000, .virtual_address = 0x100000, .contents = contents})
                        .Build();
  return world.Write("kernel.elf", AsText(file));
}

nlohmann::json PlanOf(CmdWorld& world, std::initializer_list<std::string_view> words) {
  EXPECT_EQ(world.Run(words), kExitOk) << world.message;
  return nlohmann::json::parse(world.out);
}

TEST(Modules, AreUnpackedWhereTheyAreOneCompressedWhole) {
  CmdWorld world;
  const std::string kernel = WriteMultiboot(world);
  const auto packed = Gzip(BytesOf("a module\n"));
  const std::string whole = world.Write("whole.gz", AsText(packed));
  const std::string joined = world.Write("joined.gz", AsText(packed) + "and more bytes");
  const std::string plain = world.WriteKernel();
  const auto plan = PlanOf(world, {"--dry-run", "--json", "-l", kernel, "--module=" + whole + " a  b",
                                   "--module=" + joined, "--module=" + plain});
  EXPECT_EQ(plan["kernel"]["entered_as"], "multiboot");
  EXPECT_EQ(plan["kernel"]["type"], "multiboot-x86");
  const auto& modules = plan["modules"];
  ASSERT_EQ(modules.size(), 3u);
  EXPECT_EQ(modules[0]["path"], whole);
  EXPECT_EQ(modules[0]["command_line"], whole + " a  b");
  EXPECT_EQ(modules[0]["bytes"], packed.size());
  EXPECT_EQ(modules[0]["unpacked_bytes"], 9);
  EXPECT_EQ(modules[0]["mapped"], false);
  EXPECT_EQ(modules[1]["unpacked_bytes"], modules[1]["bytes"]);
  EXPECT_EQ(modules[2]["unpacked_bytes"], modules[2]["bytes"]);
  EXPECT_EQ(modules[2]["mapped"], true);
  EXPECT_THAT(plan["plan"]["segments"].dump(), AllOf(HasSubstr(whole), HasSubstr(joined), HasSubstr(plain)));
}

TEST(Modules, AreShownInPlans) {
  CmdWorld world;
  const std::string kernel = WriteMultiboot(world);
  const std::string module = world.Write("module", "x");
  ASSERT_EQ(world.Run({"--dry-run", "-l", kernel, "--module=" + module + " args"}), kExitOk) << world.message;
  EXPECT_THAT(world.out,
              AllOf(StartsWith("kernel        " + kernel), HasSubstr("multiboot-x86, multiboot 1\n"),
                    HasSubstr("\nmodule        " + module + " (1 byte"),
                    HasSubstr("\n              " + module + " args\n")));
}

TEST(Modules, ThatAreCutAreRefused) {
  CmdWorld world;
  const std::string kernel = WriteMultiboot(world);
  const std::string module = world.Write("cut.gz", AsText(Gzip(BytesOf("module"))).substr(0, 15));
  EXPECT_EQ(world.Run({"-l", kernel, "--module=" + module}), kExitFailed);
  EXPECT_EQ(world.message, "module '" + module + "': gzip data: cut short: the file ends at 0xf");
  EXPECT_EQ(world.Run({"-l", kernel, "--module=" + world.Write("gone", "") + ".not"}), kExitUsage);
  EXPECT_THAT(world.message, StartsWith("cannot read the module: "));
}

TEST(Modules, AreForKernelsThatTakeThem) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string module = world.WriteInitrd("module.img");
  EXPECT_EQ(world.Run({"-l", kernel, "--module=" + module + " a b"}), kExitUsage);
  EXPECT_EQ(world.message, "--module is for multiboot and PVH kernels, and '" + kernel +
                               "' is of type bzImage64: give --initrd");
}

TEST(Initrds, AreNotForMultibootKernels) {
  CmdWorld world;
  const std::string kernel = WriteMultiboot(world);
  const std::string initrd = world.WriteInitrd();
  EXPECT_EQ(world.Run({"-l", kernel, "--initrd", initrd}), kExitUsage);
  EXPECT_EQ(world.message, "'" + kernel + "' is a multiboot kernel, which takes no initrd: give --module='" +
                               initrd + "' instead");
}

TEST(ElfKernels, AreShownInPlans) {
  CmdWorld world;
  const auto file = ElfBuilder(true)
                        .Entry(0x1000000)
                        .Load({.address = 0x1000000,
                               .virtual_address = 0xffffffff81000000,
                               .contents = std::vector<std::byte>(0x1000)})
                        .LinuxNotes()
                        .Build();
  const std::string kernel = world.Write("vmlinux", AsText(file));
  EXPECT_EQ(PlanOf(world, {"--dry-run", "--json", "-l", kernel})["kernel"]["entered_as"], "elf");
  ASSERT_EQ(world.Run({"--dry-run", "-l", kernel}), kExitOk) << world.message;
  EXPECT_THAT(world.out, HasSubstr("\n              elf-x86_64, Linux"));
}

}  // namespace
}  // namespace kexec
