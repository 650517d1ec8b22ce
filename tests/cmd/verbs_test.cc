// SPDX-License-Identifier: GPL-2.0-or-later
// kexec -e, -u, -S and --print-ckr-size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::CmdWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(Execute, WithoutAKernelSaysTheWordsScriptsKnow) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-e"}), kExitUsage);
  EXPECT_EQ(world.message, "Nothing has been loaded!");
  EXPECT_EQ(world.kernel.syncs(), 0);
  EXPECT_EQ(world.kernel.reboots(), 0);
  EXPECT_THAT(world.host.events, IsEmpty());
}

TEST(Execute, WritesBackTakesInterfacesDownAndJumps) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  EXPECT_EQ(world.Run({"-e"}), 0) << world.message;
  EXPECT_EQ(world.kernel.syncs(), 1);
  EXPECT_EQ(world.kernel.reboots(), 1);
  EXPECT_THAT(world.host.events, ElementsAre("interfaces down"));
}

TEST(Execute, LeavesOutWhatItIsTold) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  EXPECT_EQ(world.Run({"-x", "-y", "-e"}), 0) << world.message;
  EXPECT_EQ(world.kernel.syncs(), 0);
  EXPECT_EQ(world.kernel.reboots(), 1);
  EXPECT_THAT(world.host.events, IsEmpty());
}

TEST(Execute, WithoutTheCapabilityLeavesTheNetworkAlone) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  world.machine.File("proc/self/status", "Name:\tkexec\nCapEff:\t0000000000000000\n");
  EXPECT_EQ(world.Run({"-e"}), kExitFailed);
  EXPECT_EQ(world.message,
            "cannot execute the loaded kernel without CAP_SYS_BOOT (run as root): Operation not permitted");
  EXPECT_EQ(world.kernel.reboots(), 0);
  EXPECT_THAT(world.host.events, IsEmpty());
  world.machine.File("proc/self/status", "Name:\tkexec\nCapEff:\t0000000000400000\n");
  EXPECT_EQ(world.Run({"-e"}), 0) << world.message;
}

TEST(Execute, GoesOnWhereTheKernelDoesNotSayWhatIsLoaded) {
  CmdWorld world;
  world.kernel.Publish(nullptr);
  world.machine.Remove("sys/kernel/kexec_loaded");
  world.kernel.FailNext(KexecCall::kReboot, EINVAL);
  EXPECT_EQ(world.Run({"-e"}), kExitFailed);
  EXPECT_THAT(world.message, StartsWith("reboot: Invalid argument"));
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre(StartsWith("whether a kernel is loaded is unknown: ")));
}

TEST(Unload, OfNothingIsSuccess) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-u"}), 0) << world.message;
  EXPECT_EQ(world.Run({"-p", "-u"}), 0) << world.message;
}

TEST(Unload, TakesTheSlotThatWasMeantInAnyOrder) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  ASSERT_EQ(world.Run({"-l", kernel}), 0);
  ASSERT_EQ(world.Run({"-p", kernel}), 0);
  EXPECT_EQ(world.Run({"-u", "-p", "-s"}), 0) << world.message;
  EXPECT_FALSE(world.kernel.crash_loaded());
  EXPECT_TRUE(world.kernel.loaded());
  EXPECT_EQ(world.Run({"-c", "-u"}), 0) << world.message;
  EXPECT_FALSE(world.kernel.loaded());
}

TEST(Unload, ARefusalIsExplained) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  world.kernel.FailNext(KexecCall::kFileLoad, EBUSY);
  EXPECT_EQ(world.Run({"-u"}), kExitFailed);
  EXPECT_THAT(world.message, StartsWith("kexec_file_load (unload): Device or resource busy"));
}

TEST(Status, IsOneForLoadedAndAsksAboutTheCrashKernelByDefault) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  EXPECT_EQ(world.Run({"-S"}), 0);
  EXPECT_EQ(world.Run({"-d", "-S"}), 0);
  EXPECT_EQ(world.Run({"-S", "-l"}), 1);
  EXPECT_EQ(world.Run({"-l", "-S"}), 1);
  EXPECT_EQ(world.out, "");
}

TEST(Status, Is255WhereTheKernelDoesNotSay) {
  CmdWorld world;
  world.kernel.Publish(nullptr);
  world.machine.Remove("sys/kernel/kexec_crash_loaded");
  EXPECT_EQ(world.Run({"-S"}), kExitFailed);
  EXPECT_THAT(world.diagnostics.TakeWarnings(), ElementsAre(HasSubstr("kexec_crash_loaded")));
}

TEST(Status, AsJsonTellsBothSlots) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  EXPECT_EQ(world.Run({"-S", "--json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(world.out), nlohmann::json::parse(R"({
    "schema": "kexec-status/1", "loaded": true, "crash_loaded": false, "crash_bytes": 134217728,
    "crash_regions": [{"begin": "0x34000000", "end": "0x3c000000"}], "crash_low_bytes": 0, "crash_cma": [],
    "crash_hotplug": null, "crash_elfcorehdr_size": null})"));
}

TEST(Status, AsJsonTellsEveryPartOfTheReservation) {
  CmdWorld world;
  world.machine.File("proc/iomem",
                     "00001000-3fffffff : System RAM\n  10000000-1fffffff : Crash kernel\n"
                     "100000000-1ffffffff : System RAM\n  120000000-12fffffff : Crash kernel\n");
  world.machine.File("sys/kernel/kexec/crash_cma_ranges", "140000000-147ffffff\n");
  world.machine.File("sys/devices/system/cpu/crash_hotplug", "1\n");
  world.machine.File("sys/devices/system/memory/crash_hotplug", "0\n");
  world.machine.File("sys/kernel/crash_elfcorehdr_size", "512000\n");
  EXPECT_EQ(world.Run({"-S", "--json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(world.out), nlohmann::json::parse(R"({
    "schema": "kexec-status/1", "loaded": false, "crash_loaded": false, "crash_bytes": 268435456,
    "crash_regions": [{"begin": "0x10000000", "end": "0x20000000"}, {"begin": "0x120000000", "end": "0x130000000"}],
    "crash_low_bytes": 268435456, "crash_cma": [{"begin": "0x140000000", "end": "0x148000000"}],
    "crash_hotplug": false, "crash_elfcorehdr_size": 512000})"));
  EXPECT_EQ(world.Run({"-S", "-d"}), 0);
  EXPECT_EQ(world.out, "");
  EXPECT_THAT(
      world.diagnostics.notes(),
      IsSupersetOf({"normal kernel: not loaded", "crash kernel: not loaded",
                    "crash region: 256 MiB at [0x120000000, 0x130000000)",
                    "low part: 256 MiB at [0x10000000, 0x20000000)",
                    "lent out until a panic (CMA): 128 MiB at [0x140000000, 0x148000000)",
                    "CPU and memory hotplug: the kernel does not update the core headers by itself"}));
}

TEST(Status, AsJsonTellsHiddenFromNone) {
  CmdWorld world;
  world.machine.File("proc/iomem", "00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n");
  world.machine.File("sys/kernel/kexec_crash_size", "268435456\n");
  EXPECT_EQ(world.Run({"-S", "--json"}), 0);
  const auto hidden = nlohmann::json::parse(world.out);
  EXPECT_EQ(hidden["crash_bytes"], 268435456);
  EXPECT_TRUE(hidden["crash_regions"].is_null() && hidden["crash_low_bytes"].is_null());
  world.machine.File("proc/iomem", "00001000-3fffffff : System RAM\n");
  EXPECT_EQ(world.Run({"-S", "--json"}), 0);
  const auto none = nlohmann::json::parse(world.out);
  EXPECT_EQ(none["crash_bytes"], 0);
  EXPECT_EQ(none["crash_regions"], nlohmann::json::array());
}

TEST(PrintCrashSize, IsTheSizeOfTheLastRegion) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"--print-ckr-size"}), 0) << world.message;
  EXPECT_EQ(world.out, "134217728\n");
  world.machine.File("proc/iomem",
                     "00001000-3fffffff : System RAM\n  10000000-1fffffff : Crash kernel\n"
                     "  30000000-37ffffff : Crash kernel\n");
  EXPECT_EQ(world.Run({"--print-ckr-size"}), 0) << world.message;
  EXPECT_EQ(world.out, "134217728\n");
  world.machine.File("proc/iomem", "00001000-3fffffff : System RAM\n");
  EXPECT_EQ(world.Run({"--print-ckr-size"}), 0) << world.message;
  EXPECT_EQ(world.out, "0\n");
}

TEST(PrintCrashSize, AsksSysfsWhereAddressesAreHidden) {
  CmdWorld world;
  world.machine.File("proc/iomem", "00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n");
  world.machine.File("sys/kernel/kexec_crash_size", "268435456\n");
  EXPECT_EQ(world.Run({"--print-ckr-size"}), 0) << world.message;
  EXPECT_EQ(world.out, "268435456\n");
  world.machine.Remove("sys/kernel/kexec_crash_size");
  EXPECT_EQ(world.Run({"--print-ckr-size"}), kExitUsage);
}

TEST(DryRun, OfTheOtherVerbsSaysWhatWouldHappen) {
  CmdWorld world;
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0);
  EXPECT_EQ(world.Run({"-e", "--dry-run"}), 0);
  EXPECT_EQ(world.out,
            "would write back file systems, take the network interfaces down, execute the loaded kernel\n");
  EXPECT_EQ(world.Run({"-u", "--dry-run"}), 0);
  EXPECT_EQ(world.out, "would unload the loaded kernel\n");
  EXPECT_TRUE(world.kernel.loaded());
  EXPECT_EQ(world.kernel.reboots(), 0);
}

}  // namespace
}  // namespace kexec
