// SPDX-License-Identifier: GPL-2.0-or-later
// --dry-run, --json and --capture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::CmdWorld;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

nlohmann::json PlanOf(CmdWorld& world, std::initializer_list<std::string_view> words) {
  EXPECT_EQ(world.Run(words), 0) << world.message;
  return nlohmann::json::parse(world.out);
}

TEST(DryRun, HandsNothingToTheKernel) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  for (const char* call : {"-a", "-s", "-c"}) {
    for (const char* verb : {"-l", "-f"}) {
      EXPECT_EQ(world.Run({"--dry-run", verb, call, kernel}), 0) << world.message;
      EXPECT_NE(world.out, "");
    }
    EXPECT_EQ(world.Run({"--dry-run", call, kernel}), 0) << world.message;
  }
  EXPECT_EQ(world.Run({"--dry-run", "-p", kernel}), 0) << world.message;
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
  EXPECT_THAT(world.host.events, IsEmpty());
  EXPECT_EQ(world.kernel.syncs(), 0);
}

TEST(DryRun, ShowsFilesCommandLineTableAndPicture) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string initrd = world.WriteInitrd();
  ASSERT_EQ(world.Run({"--dry-run", "-c", "-l", kernel, "--initrd", initrd, "--append=root=/dev/vda ro"}), 0);
  EXPECT_THAT(world.out,
              AllOf(StartsWith("kernel        " + kernel +
                               " (66.5 KiB)\n              bzImage64, boot protocol 2.15, 6.1.0-test\n"),
                    HasSubstr("\ninitrd        " + initrd),
                    HasSubstr("16 of 2047 bytes\n              root=/dev/vda ro\n"),
                    HasSubstr("call          kexec_load\n              because -c was given\n"),
                    HasSubstr("flags         0x3e0000\n"), HasSubstr("digest        xxh128\n")));
  EXPECT_THAT(world.out,
              AllOf(HasSubstr("\nmemory [0x0, 0x40000000)"), HasSubstr("\n|"), HasSubstr("made here\n")));
}

TEST(DryRun, PlansIntoRamAndNamesTheSources) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string initrd = world.WriteInitrd();
  const auto json =
      PlanOf(world, {"--dry-run", "--json", "-l", kernel, "--initrd", initrd, "--digest=sha256"});
  EXPECT_EQ(json["schema"], "kexec-plan/1");
  EXPECT_EQ(json["slot"], "normal");
  EXPECT_EQ(json["kernel"]["path"], kernel);
  EXPECT_EQ(json["kernel"]["type"], "bzImage64");
  EXPECT_EQ(json["initrds"][0]["bytes"], 512);
  EXPECT_EQ(json["call"]["asked"], "auto");
  EXPECT_EQ(json["call"]["first"], "kexec_load");
  EXPECT_EQ(json["plan"]["digest"], "sha256");
  EXPECT_TRUE(json["problem"].is_null());
  std::vector<std::string> sources;
  for (const auto& segment : json["plan"]["segments"]) {
    if (segment["source"].is_string()) sources.push_back(segment["source"]);
  }
  EXPECT_THAT(sources, ::testing::UnorderedElementsAre(kernel, initrd));
}

TEST(DryRun, TellsWhyThereIsNoPlanAndIsNoFailureWhereTheFileCallNeedsNone) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  world.machine.Remove("proc/iomem").Remove("sys/firmware/memmap");
  const auto json = PlanOf(world, {"--dry-run", "--json", "-l", kernel});
  EXPECT_EQ(json["call"]["first"], "kexec_load");
  EXPECT_EQ(json["call"]["fallback"], "kexec_file_load");
  EXPECT_TRUE(json["plan"].is_null());
  EXPECT_TRUE(json["problem"].is_string());
  EXPECT_EQ(world.Run({"--dry-run", "-c", "-l", kernel}), kExitUsage);
}

TEST(DryRun, WorksWhereIomemHidesItsAddresses) {
  CmdWorld world;
  world.machine.File("proc/iomem", "00000000-00000000 : System RAM\n");
  EXPECT_EQ(world.Run({"--dry-run", "-c", "-l", world.WriteKernel()}), 0) << world.message;
  world.diagnostics.TakeWarnings();
}

TEST(DryRun, OfACrashKernelTellsWhatItIsToldBesides) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const auto json = PlanOf(world, {"--dry-run", "--json", "-p", kernel, "--append=irqpoll"});
  EXPECT_EQ(json["slot"], "crash");
  EXPECT_EQ(json["call"]["flags"], "0x6");
  EXPECT_EQ(json["command_line"]["text"], "irqpoll");
  EXPECT_EQ(json["plan"]["command_line"], "irqpoll elfcorehdr=982400K");
  EXPECT_EQ(json["plan"]["segments"].back()["label"], "backup");
  ASSERT_EQ(world.Run({"--dry-run", "-c", "-p", kernel, "--append=irqpoll"}), 0) << world.message;
  EXPECT_THAT(world.out, ::testing::HasSubstr("told besides  elfcorehdr=982400K\n"));
  EXPECT_THAT(world.out,
              ::testing::HasSubstr("\ncrash region [0x34000000, 0x3c000000), 128 MiB of RAM\n|..."));
}

TEST(Capture, PlansTheSameAsTheMachineItRecorded) {
  CmdWorld world;
  world.machine.File("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
  const std::string kernel = world.WriteKernel();
  const std::string record = (std::filesystem::path(kernel).parent_path() / "record").string();
  ASSERT_EQ(world.Run({"--capture", record}), 0) << world.message;
  EXPECT_EQ(world.diagnostics.TakeWarnings().size(), 1u);  // of what a record tells
  EXPECT_EQ(world.out, "");
  ASSERT_EQ(world.Run({"--dry-run", "--json", "-c", "-l", kernel, "--reuse-cmdline"}), 0) << world.message;
  const std::string from_machine = world.out;

  CmdWorld other;
  std::filesystem::remove_all(other.machine.path());
  std::filesystem::copy(record, other.machine.path(), std::filesystem::copy_options::recursive);
  ASSERT_EQ(other.Run({"--dry-run", "--json", "-c", "-l", kernel, "--reuse-cmdline"}), 0) << other.message;
  EXPECT_EQ(other.out, from_machine);
}

TEST(Capture, RefusesADirectoryWithSomethingInIt) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string directory = std::filesystem::path(kernel).parent_path().string();
  EXPECT_EQ(world.Run({"--capture", directory}), kExitUsage);
  EXPECT_EQ(world.message, "'" + directory + "' is not an empty directory; name one that does not exist yet");
}

TEST(Capture, CopiesNoSecrets) {
  CmdWorld world;
  world.machine.File("proc/kallsyms", "ffffffff81000000 T _text\n").File("proc/self/environ", "TOKEN=x");
  const std::filesystem::path record =
      world.machine.path() / "../" / (world.machine.path().filename().string() + "-record");
  ASSERT_EQ(world.Run({"--capture", record.string()}), 0) << world.message;
  EXPECT_EQ(world.diagnostics.TakeWarnings().size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(record / "proc/kallsyms"));
  EXPECT_FALSE(std::filesystem::exists(record / "proc/self/environ"));
  EXPECT_TRUE(std::filesystem::exists(record / "proc/iomem"));
  EXPECT_EQ(std::filesystem::status(record).permissions(), std::filesystem::perms::owner_all);
  std::filesystem::remove_all(record);
}

}  // namespace
}  // namespace kexec
