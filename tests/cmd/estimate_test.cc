// SPDX-License-Identifier: GPL-2.0-or-later
// kexec --estimate-crashkernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"

namespace kexec {
namespace {

using testing::BzImageBuilder;
using testing::CmdWorld;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Puts the running kernel's files where a distribution does.
void InstallRunningKernel(CmdWorld& world, std::string_view initrd) {
  const auto kernel = CmdWorld::SmallKernel().BuildBytes();
  world.machine.File("boot/vmlinuz-6.12.1-test", Bytes(kernel));
  if (!initrd.empty()) world.machine.File(initrd, std::string_view("a file system"));
}

TEST(Estimate, OfNamedFilesEndsWithTheValue) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel(BzImageBuilder().KernelSize(0x10000).InitSize(64 << 20));
  const std::string initrd = world.WriteInitrd();
  ASSERT_EQ(world.Run({"--estimate-crashkernel", kernel, "--initrd", initrd, "--append=root=/dev/vda1"}), 0)
      << world.message;
  EXPECT_EQ(world.out, "kernel        " + kernel + "\ninitrd        " + initrd +
                           "\n"
                           "              0.0 MiB, unpacked 0.0 MiB (cpio archive)\n"
                           "\n"
                           "       MiB\n"
                           "      64.0  kernel                init_size of its header, bss included\n"
                           "       0.0  initrd files          held until all of them are unpacked\n"
                           "       0.0  core headers          one for each CPU and each range of memory\n"
                           "       1.0  boot data             low memory's copy, purgatory, parameters\n"
                           "       6.0  page structures       64 bytes a page, in sections of 128 MiB\n"
                           "       0.0  unpacked initrd       its files, 1/16 more for pages and inodes\n"
                           "      20.0  running kernel        slab, threads, page tables, watermarks\n"
                           "      40.0  programs and drivers  udev, drivers, makedumpfile, ssh\n"
                           "     131.0  needed with a margin, 79.5 at least, 65.0 to be loaded\n"
                           "     128.0  reserved now: enough, without a margin\n"
                           "\n"
                           "crashkernel=144M\n");
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
}

TEST(Estimate, OfTheRunningKernelNamesItsFiles) {
  CmdWorld world;
  InstallRunningKernel(world, "boot/initrd.img-6.12.1-test");
  ASSERT_EQ(world.Run({"--estimate-crashkernel", "-q"}), 0) << world.message;
  world.diagnostics.TakeWarnings();
  EXPECT_THAT(world.out, HasSubstr("/boot/vmlinuz-6.12.1-test (running now)\n"));
  EXPECT_THAT(world.out, HasSubstr("/boot/initrd.img-6.12.1-test\n"));
  EXPECT_THAT(world.out, HasSubstr("command line  that of the running kernel, as none is given\n"));
  EXPECT_THAT(world.out, HasSubstr("reserved now: enough\n"));
  world.machine.File("boot/vmlinuz-6.12.1-test",
                     Bytes(BzImageBuilder().KernelSize(0x10000).InitSize(120 << 20).BuildBytes()));
  ASSERT_EQ(world.Run({"--estimate-crashkernel", "-q"}), 0) << world.message;
  world.diagnostics.TakeWarnings();
  EXPECT_THAT(world.out, HasSubstr("reserved now: not enough\n"));
  InstallRunningKernel(world, "boot/initrd.img-6.12.1-test");
  ASSERT_EQ(world.Run({"--estimate-crashkernel", "-q"}), 0) << world.message;
  world.diagnostics.TakeWarnings();
  EXPECT_THAT(world.out, EndsWith("\n\ncrashkernel=80M\n"));
}

TEST(Estimate, PrefersTheInitrdMadeForDumps) {
  for (const std::string_view place :
       {"var/lib/kdump/initrd.img-6.12.1-test", "boot/initramfs-6.12.1-testkdump.img",
        "boot/initrd-6.12.1-test-kdump", "var/lib/kdump/initrd"}) {
    CmdWorld world;
    InstallRunningKernel(world, "boot/initrd.img-6.12.1-test");
    world.machine.File(place, std::string_view("a file system"));
    ASSERT_EQ(world.Run({"--estimate-crashkernel"}), 0) << world.message;
    world.diagnostics.TakeWarnings();
    EXPECT_THAT(world.out, HasSubstr(std::string(place)));
    EXPECT_THAT(world.out, ::testing::Not(HasSubstr("boot/initrd.img-6.12.1-test")));
  }
}

TEST(Estimate, WithoutAnInitrdSaysSo) {
  CmdWorld world;
  InstallRunningKernel(world, "");
  ASSERT_EQ(world.Run({"--estimate-crashkernel"}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre("no initrd of the running kernel was found: name it with --initrd=FILE"));
  const std::string initrd = world.WriteInitrd();
  ASSERT_EQ(world.Run({"--estimate-crashkernel", "--initrd", initrd}), 0) << world.message;
  EXPECT_THAT(world.out, HasSubstr(initrd));
}

TEST(Estimate, WithoutAKernelFileAsksForOne) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"--estimate-crashkernel"}), kExitUsage);
  EXPECT_THAT(world.message, StartsWith("no file of the running kernel was found ('"));
  EXPECT_THAT(world.message, EndsWith("/boot/vmlinuz-6.12.1-test'): name the kernel"));
}

TEST(Estimate, OfADamagedInitrdIsRefusedAsALoadOfItIs) {
  CmdWorld world;
  const std::string initrd = world.Write("cut", std::string_view("\x1f\x8b\x08", 3));
  EXPECT_EQ(world.Run({"--estimate-crashkernel", world.WriteKernel(), "--initrd", initrd}), kExitFailed);
  EXPECT_THAT(world.message, HasSubstr("is cut short"));
}

TEST(Estimate, AsJsonHasEveryNumber) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  ASSERT_EQ(world.Run({"--estimate-crashkernel", kernel, "--initrd", world.WriteInitrd(), "--json"}), 0)
      << world.message;
  const auto json = nlohmann::json::parse(world.out);
  EXPECT_EQ(json["schema"], "kexec-crash-estimate/1");
  EXPECT_EQ(json["kernel"]["path"], kernel);
  EXPECT_EQ(json["kernel"]["running"], false);
  EXPECT_EQ(json["initrds"][0]["unpacked_bytes"], 124);
  EXPECT_EQ(json["initrds"][0]["unpacked_exact"], true);
  EXPECT_EQ(json["initrds"][0]["unpacked_source"], "cpio archive");
  EXPECT_EQ(json["command_line"], (nlohmann::json{{"text", "root=/dev/vda1 ro quiet"}, {"running", true}}));
  uint64_t load = 0;
  uint64_t run = 0;
  for (const auto& term : json["terms"]) {
    run += term["bytes"].get<uint64_t>();
    if (term["loaded"].get<bool>()) load += term["bytes"].get<uint64_t>();
    EXPECT_FALSE(term["reason"].get<std::string>().empty());
  }
  EXPECT_EQ(json["load_bytes"], load);
  EXPECT_EQ(json["run_bytes"], run);
  EXPECT_GT(json["least_bytes"], load);
  EXPECT_LT(json["least_bytes"], run);
  EXPECT_EQ(json["reserved"], nlohmann::json::parse(R"({
    "regions": [{"begin": "0x34000000", "end": "0x3c000000"}], "cma": [], "region_bytes": 134217728,
    "total_bytes": 134217728, "sufficient": true})"));
  EXPECT_EQ(json["recommended_bytes"], 80 << 20);
  EXPECT_EQ(json["crashkernel"], "crashkernel=80M");
}

TEST(Estimate, OfAnUnknownReservationStillRecommends) {
  CmdWorld world;
  world.machine.File("proc/iomem", "00000000-00000000 : System RAM\n");
  ASSERT_EQ(world.Run({"--estimate-crashkernel", world.WriteKernel()}), 0) << world.message;
  EXPECT_THAT(world.out, HasSubstr("         ?  reserved now: "));
  EXPECT_THAT(world.out, EndsWith("\ncrashkernel=80M\n"));
  ASSERT_EQ(world.Run({"--estimate-crashkernel", world.WriteKernel(), "--json"}), 0);
  EXPECT_TRUE(nlohmann::json::parse(world.out)["reserved"].is_null());
}

}  // namespace
}  // namespace kexec
