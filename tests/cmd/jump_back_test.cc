// SPDX-License-Identifier: GPL-2.0-or-later
// --load-preserve-context and --load-jump-back-helper: what the kernel is asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"

namespace kexec {
namespace {

using testing::CmdWorld;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr uint64_t kArch = uint64_t{62} << 16;  // KEXEC_ARCH_X86_64

TEST(PreserveContext, AsksTheKernelToComeBack) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"--load-preserve-context", "--mem-max=0x1ffffff", world.WriteKernel()}), 0)
      << world.message;
  ASSERT_THAT(world.kernel.loads(), SizeIs(1));
  EXPECT_EQ(world.kernel.loads()[0].flags, kArch | kKexecPreserveContext);
  uint64_t pages = 0;
  for (const RawSegment& segment : world.kernel.loads()[0].segments) pages += segment.memsz / 4096;
  EXPECT_EQ(pages, 0x9eu + 0x1f00u);  // from 0x1000 to 0x9f000, and from 1 MiB to --mem-max
}

TEST(PreserveContext, IsNotLostToTheOtherCall) {
  CmdWorld world;
  world.kernel.FailNext(KexecCall::kLoad, EINVAL);
  world.machine.File("boot/config-6.12.1-test", "CONFIG_KEXEC=y\n# CONFIG_KEXEC_JUMP is not set\n");
  EXPECT_EQ(world.Run({"--load-preserve-context", "--mem-max=0x1ffffff", world.WriteKernel()}), kExitFailed);
  EXPECT_EQ(world.message,
            "kexec_load: Invalid argument: the running kernel cannot be returned to: it is built without "
            "CONFIG_KEXEC_JUMP; nothing is loaded");
  EXPECT_THAT(world.kernel.file_loads(), SizeIs(0));
}

TEST(PreserveContext, TellsWhatIsDownAfterTheReturn) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"--load-preserve-context", "--mem-max=0x1ffffff", world.WriteKernel()}), 0);
  world.host.interfaces = {"eth0", "wlan0"};
  EXPECT_EQ(world.Run({"-e"}), 0) << world.message;
  EXPECT_THAT(
      world.diagnostics.TakeWarnings(),
      ElementsAre(
          "network interfaces that were taken down for the other kernel are still down: eth0, wlan0"));
}

void ExpectWayBack(const CmdWorld& world) {
  ASSERT_THAT(world.kernel.loads(), SizeIs(1));
  const testing::RecordedLoad& load = world.kernel.loads()[0];
  EXPECT_EQ(load.flags, kArch | kKexecPreserveContext);
  ASSERT_THAT(load.segments, SizeIs(1));
  EXPECT_GE(load.entry, load.segments[0].mem);
  EXPECT_LT(load.entry, load.segments[0].mem + load.segments[0].bufsz);
}

TEST(JumpBack, GoesToTheGivenAddress) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"--load-jump-back-helper", "--entry=0x1a2b3c4d5"}), 0) << world.message;
  ExpectWayBack(world);
}

TEST(JumpBack, GoesWhereTheCommandLineSays) {
  CmdWorld world;
  world.machine.File("proc/cmdline",
                     "kexec_jump_back_entry=0x5 quiet kexec_jump_back_entry=0x0000000012345678 "
                     "kexec_jump_back_cr3=0x9000\n");
  EXPECT_EQ(world.Run({"--load-jump-back-helper", "--entry=0", "--dry-run"}), 0) << world.message;
  EXPECT_EQ(world.out, "would load what jumps back to 0x12345678, with the page tables at 0x9000\n");
  EXPECT_EQ(world.Run({"--load-jump-back-helper", "--entry=0x12345678", "--dry-run"}), 0) << world.message;
  EXPECT_EQ(world.out, "would load what jumps back to 0x12345678, with the page tables at 0x9000\n");
  // Another address, so perhaps another kernel's.
  EXPECT_EQ(world.Run({"--load-jump-back-helper", "--entry=0x1000", "--dry-run"}), 0) << world.message;
  EXPECT_EQ(world.out, "would load what jumps back to 0x1000\n");
  EXPECT_THAT(world.kernel.loads(), SizeIs(0));
  EXPECT_EQ(world.Run({"--load-jump-back-helper"}), 0) << world.message;
  ExpectWayBack(world);
}

TEST(JumpBack, NeedsAnAddress) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"--load-jump-back-helper"}), kExitUsage);
  EXPECT_EQ(
      world.message,
      "where to jump back to is not known: /proc/cmdline has no kexec_jump_back_entry=, so this kernel was "
      "not loaded with --load-preserve-context; give the address with --entry");
  for (const std::string value : {"0x0", "here", ""}) {
    world.machine.File("proc/cmdline", "kexec_jump_back_entry=" + value + "\n");
    EXPECT_EQ(world.Run({"--load-jump-back-helper"}), kExitFailed);
    EXPECT_EQ(world.message,
              "'kexec_jump_back_entry=" + value + "' in /proc/cmdline is no address; give one with --entry");
  }
  EXPECT_THAT(world.kernel.loads(), SizeIs(0));
}

TEST(JumpBack, DropsNoKernelThatIsLoaded) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  EXPECT_EQ(world.Run({"--load-jump-back-helper", "--entry=0x1000"}), kExitUsage);
  EXPECT_EQ(
      world.message,
      "a kernel is loaded already: run kexec -e to jump to it, in either direction as often as you like, or "
      "kexec -u to drop it");
}

}  // namespace
}  // namespace kexec
