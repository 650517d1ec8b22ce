// SPDX-License-Identifier: GPL-2.0-or-later
// kexec -p: does the crash kernel fit what is reserved for it?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "cmd/kexec/crash_fit.h"
#include "cmd/kexec/crash_need.h"
#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"

namespace kexec {
namespace {

using testing::BzImageBuilder;
using testing::CmdWorld;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr uint32_t kMiB = 1 << 20;

// A kernel that runs in so many MiB.
std::string KernelOf(CmdWorld& world, uint32_t mib) {
  return world.WriteKernel(BzImageBuilder().KernelSize(0x10000).InitSize(mib * kMiB));
}

// An LZ4 archive of a few bytes whose full blocks stand for 8 MiB each.
std::string InitrdThatUnpacksTo(CmdWorld& world, size_t blocks) {
  std::string archive = "\x02\x21\x4c\x18";
  for (size_t i = 0; i < blocks; ++i) {
    archive += std::string_view("\0\0\x01\0", 4);
    archive += std::string(0x10000, 'x');
  }
  archive += std::string_view("\x02\0\0\0\x10x", 6);
  return world.Write("initrd.lz4", archive);
}

TEST(CrashFit, WhatCannotLieInTheRegionIsRefusedBeforeTheKernelIsAsked) {
  CmdWorld world;
  for (const char* call : {"-a", "-s", "-c"}) {
    EXPECT_EQ(world.Run({"-p", call, KernelOf(world, 128), "--initrd", world.WriteInitrd()}), kExitFailed);
    EXPECT_EQ(
        world.message,
        "the crash kernel needs 129 MiB to be loaded, 128 MiB for the kernel and 1 MiB for the initrd, but "
        "the region reserved for it at [0x34000000, 0x3c000000) has 128 MiB; boot the running kernel with "
        "crashkernel=208M, or use a smaller initrd");
  }
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
}

TEST(CrashFit, TheKernelLoadedBeforeStays) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-p", world.WriteKernel()}), 0) << world.message;
  EXPECT_EQ(world.Run({"-p", KernelOf(world, 200)}), kExitFailed);
  EXPECT_THAT(world.message, EndsWith("; the kernel loaded before is still in place"));
  EXPECT_TRUE(world.kernel.crash_loaded());
}

TEST(CrashFit, OnlyTheLastRegionCounts) {
  CmdWorld world;
  world.machine.File("proc/iomem",
                     "00001000-3fffffff : System RAM\n  10000000-2fffffff : Crash kernel\n"
                     "  34000000-3bffffff : Crash kernel\n");
  EXPECT_EQ(world.Run({"-p", KernelOf(world, 150)}), kExitFailed);
  EXPECT_THAT(world.message, HasSubstr("region reserved for it at [0x34000000, 0x3c000000) has 128 MiB"));
}

TEST(CrashFit, WhatWillProbablyRunOutOfMemoryIsLoadedWithAWarning) {
  CmdWorld world;
  // Guests ran in as much, with less than the margin.
  EXPECT_EQ(world.Run({"-p", KernelOf(world, 110), "--append=root=/dev/vda1"}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), IsEmpty());
  EXPECT_EQ(world.Run({"-p", KernelOf(world, 120), "--append=root=/dev/vda1"}), 0) << world.message;
  EXPECT_THAT(
      world.diagnostics.TakeWarnings(),
      ElementsAre("the crash kernel will probably run out of memory before the dump is saved: it needs "
                  "136 MiB at least, and 128 MiB are reserved; boot the running kernel with crashkernel=192M "
                  "(kexec --estimate-crashkernel tells what for)"));
  EXPECT_TRUE(world.kernel.crash_loaded());
}

TEST(CrashFit, LowAndCmaMemoryHelpAtRunTime) {
  CmdWorld world;
  world.machine.File("sys/kernel/kexec_crash_cma_ranges", "10000000-14ffffff\n");
  EXPECT_EQ(world.Run({"-p", KernelOf(world, 120), "--append=root=/dev/vda1"}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), IsEmpty());
}

TEST(CrashFit, TheUnpackedInitrdCounts) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-p", world.WriteKernel(), "--initrd", InitrdThatUnpacksTo(world, 20)}), 0)
      << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), ElementsAre(HasSubstr("crashkernel=368M")));
  // A file system of half of memory is not needed where the kernel is told a root.
  EXPECT_EQ(world.Run({"-p", world.WriteKernel(), "--append=root=/dev/vda1", "--initrd",
                       InitrdThatUnpacksTo(world, 20)}),
            0);
  EXPECT_THAT(world.diagnostics.TakeWarnings(), ElementsAre(HasSubstr("crashkernel=256M")));
}

TEST(CrashFit, AnUnknownReservationPasses) {
  CmdWorld world;
  world.machine.File("proc/iomem", "00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n");
  EXPECT_EQ(world.Run({"-p", "-s", KernelOf(world, 1000)}), 0) << world.message;
  // Where sysfs tells the size, it counts.
  world.machine.File("sys/kernel/kexec_crash_size", "134217728\n");
  EXPECT_EQ(world.Run({"-p", "-s", KernelOf(world, 1000)}), kExitFailed);
  EXPECT_THAT(world.message,
              HasSubstr("but the region reserved for it has 128 MiB; boot the running kernel with "
                        "crashkernel=1088M,high, or use"));
}

TEST(CrashFit, ARefusalForLackOfRoomGetsANumber) {
  CmdWorld world;
  const std::string kernel = KernelOf(world, 120);
  for (const int sys_errno : {EADDRNOTAVAIL, ENOMEM}) {
    world.kernel.FailNext(KexecCall::kFileLoad, sys_errno);
    EXPECT_EQ(world.Run({"-p", "-s", kernel}), kExitFailed);
    EXPECT_THAT(world.message, HasSubstr(": boot the running kernel with crashkernel=192M"));
    EXPECT_THAT(world.message, HasSubstr("120 MiB"));  // what it runs in, not the size of the file
  }
  world.kernel.FailNext(KexecCall::kFileLoad, EPERM);
  EXPECT_EQ(world.Run({"-p", "-s", kernel}), kExitFailed);
  EXPECT_THAT(world.message, ::testing::Not(HasSubstr("crashkernel=192M")));
  EXPECT_THAT(world.diagnostics.TakeWarnings(), SizeIs(3));
}

TEST(CrashFit, APlanThatDoesNotFitGetsANumber) {
  CmdWorld world;
  LoadRequest request;
  BzImage image;
  image.init_size = 127 * kMiB;
  request.kernel = KernelImage{"bzImage64", image};
  const Error no_room(Errc::kDoesNotFit, 0, "no room for 'initrd'");
  EXPECT_EQ(WithCrashAdvice(no_room, request, world.machine.root()).message(),
            "no room for 'initrd': boot the running kernel with crashkernel=208M");
  // With room to spare, something else is too long.
  image.init_size = 100 * kMiB;
  request.kernel = KernelImage{"bzImage64", image};
  EXPECT_EQ(WithCrashAdvice(no_room, request, world.machine.root()).message(), "no room for 'initrd'");
}

TEST(CrashFit, ARefusalAlthoughEnoughIsReservedGetsNoNumber) {
  CmdWorld world;
  world.kernel.FailNext(KexecCall::kFileLoad, EADDRNOTAVAIL);
  EXPECT_EQ(world.Run({"-p", "-s", world.WriteKernel()}), kExitFailed);
  EXPECT_THAT(world.message, StartsWith("kexec_file_load: Cannot assign requested address"));
  EXPECT_THAT(world.message, ::testing::Not(HasSubstr("boot the running kernel with")));
}

TEST(CrashFit, NormalLoadsAreNotConcerned) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-l", KernelOf(world, 200)}), 0) << world.message;
}

TEST(ParameterValue, IsThatOfTheLastWholeName) {
  EXPECT_EQ(ParameterValue("root=/dev/a ro root=/dev/b", "root"), "/dev/b");
  EXPECT_EQ(ParameterValue("rootfs=x noroot=y root", "root"), std::nullopt);
  EXPECT_EQ(ParameterValue("a\tnr_cpus=1\n", "nr_cpus"), "1");
  EXPECT_EQ(ParameterValue("quiet -- root=/x", "root"), std::nullopt);
  EXPECT_EQ(ParameterValue("", "root"), std::nullopt);
  EXPECT_EQ(ParameterValue("root=", "root"), "");
}

TEST(CrashNeed, CountsPossibleCpusUnlessTheCommandLineLimitsThem) {
  CmdWorld world;
  world.machine.File("sys/devices/system/cpu/possible", "0-3,8-9\n");
  LoadRequest request;
  request.kernel = KernelImage{"bzImage64", BzImage{}};
  EXPECT_EQ(GatherCrashNeed(request, 2, world.machine.root()).cpus, 6u);
  request.command_line = "nr_cpus=2";
  EXPECT_EQ(GatherCrashNeed(request, 2, world.machine.root()).cpus, 2u);
  request.command_line = "nr_cpus=64";
  EXPECT_EQ(GatherCrashNeed(request, 2, world.machine.root()).cpus, 6u);
  world.machine.File("sys/devices/system/cpu/possible", "nonsense\n");
  EXPECT_EQ(GatherCrashNeed(request, 2, world.machine.root()).cpus, 1u);
}

TEST(CrashNeed, CoreHeadersTakeTheRoomTheKernelWantsForUpdates) {
  CmdWorld world;
  LoadRequest request;
  request.kernel = KernelImage{"bzImage64", BzImage{}};
  EXPECT_EQ(GatherCrashNeed(request, 2, world.machine.root()).core_headers_bytes, 4096u);
  world.machine.File("sys/kernel/crash_elfcorehdr_size", "500000\n");
  EXPECT_EQ(GatherCrashNeed(request, 2, world.machine.root()).core_headers_bytes, 503808u);
}

}  // namespace
}  // namespace kexec
