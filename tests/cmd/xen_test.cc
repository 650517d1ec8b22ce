// SPDX-License-Identifier: GPL-2.0-or-later
// kexec on Xen: which calls are made in which domain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"

namespace kexec {
namespace {

using testing::CmdWorld;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kPvGuest =
    "this is a paravirtual guest of Xen, where no kernel can start another; restart the guest with the other "
    "kernel, or make it a PVH or HVM guest";

void MakeGuest(CmdWorld& world, std::string_view type, std::string_view features) {
  world.machine.File("proc/xen/capabilities", "\n")
      .File("sys/hypervisor/type", "xen\n")
      .File("sys/hypervisor/guest_type", type)
      .File("sys/hypervisor/properties/features", features);
}

void ExpectNoCall(const CmdWorld& world) {
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
  EXPECT_EQ(world.kernel.reboots(), 0);
  EXPECT_THAT(world.host.events, IsEmpty());
}

TEST(XenPvGuest, IsRefusedInWords) {
  CmdWorld world;
  MakeGuest(world, "PV\n", "00002671\n");
  const std::string kernel = world.WriteKernel();
  for (const std::initializer_list<std::string_view> words :
       {std::initializer_list<std::string_view>{"-l", kernel},
        {"-c", "-l", kernel},
        {"-s", "-l", kernel},
        {"-p", kernel},
        {"-f", kernel},
        {kernel},
        {"--dry-run", "-l", kernel},
        {"-e"},
        {"-u"}}) {
    EXPECT_EQ(world.Run(words), kExitUsage) << *words.begin();
    EXPECT_THAT(world.message, HasSubstr(kPvGuest)) << *words.begin();
  }
  ExpectNoCall(world);
}

TEST(XenPvhGuest, TakesThePlainCalls) {
  for (const std::string_view type : {"PVH\n", "HVM\n"}) {
    CmdWorld world;
    MakeGuest(world, type, "00002705\n");
    const std::string kernel = world.WriteKernel();
    EXPECT_EQ(world.Run({"-l", kernel}), 0) << world.message;
    EXPECT_EQ(world.Run({"-p", kernel}), 0) << world.message;
    EXPECT_EQ(world.Run({"-l", "-S"}), 1) << world.message;
    EXPECT_EQ(world.Run({"-e"}), 0) << world.message;
    EXPECT_EQ(world.kernel.loads().size(), 1U);
    EXPECT_EQ(world.kernel.file_loads().size(), 1U);
    EXPECT_EQ(world.kernel.reboots(), 1);
  }
}

}  // namespace
}  // namespace kexec
