// SPDX-License-Identifier: GPL-2.0-or-later
// What the running kernel hands over is not lost without a word: from the words of the command line to the
// call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"
#include "tests/support/pe_builder.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::AsText;
using testing::CmdWorld;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class HandedOverOption : public ::testing::TestWithParam<const char*> {};

TEST_P(HandedOverOption, IsKeptAndComfortDropped) {
  CmdWorld world;
  world.HandOverMeasurements();
  EXPECT_EQ(world.Run({"-l", GetParam(), world.WriteKernel()}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre(AllOf(StartsWith("option '--"),
                                EndsWith("is ignored: kexec_load would lose IMA's list of measurements"))));
  EXPECT_THAT(world.kernel.file_loads(), SizeIs(1));
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, HandedOverOption,
                         ::testing::Values("-i", "--console-serial", "--console-vga", "--serial=ttyS1",
                                           "--serial-baud=9600", "--reset-vga", "--decompress",
                                           "--decompress-initrd"));

TEST(HandedOver, IsKeptWithSeveralInitrdsJoined) {
  CmdWorld world;
  world.HandOverMeasurements();
  const std::string one = world.WriteInitrd("one");
  const std::string two = world.WriteInitrd("two");
  EXPECT_EQ(world.Run({"-l", world.WriteKernel(), "--initrd", one, "--initrd", two, "--decompress-initrd"}),
            kExitOk)
      << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), SizeIs(1));
  ASSERT_THAT(world.kernel.file_loads(), SizeIs(1));
  EXPECT_EQ(world.kernel.file_loads().at(0).initrd.size(),
            std::filesystem::file_size(one) + std::filesystem::file_size(two));
}

TEST(HandedOver, IsNotLostByWhatChangesTheStart) {
  for (const std::string_view option : {"--mem-min=0x200000", "--mem-max=0x30000000", "--entry=0x100000",
                                        "--entry-32bit", "--noefi", "--digest=sha256"}) {
    CmdWorld world;
    world.HandOverMeasurements();
    EXPECT_EQ(world.Run({"-l", option, world.WriteKernel()}), kExitUsage);
    EXPECT_EQ(world.message, fmt::format("kexec_load would lose IMA's list of measurements, but {} needs "
                                         "kexec_load; use -c to lose it",
                                         option.substr(0, option.find('='))));
    EXPECT_THAT(world.kernel.loads(), IsEmpty());
    EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
  }
}

TEST(HandedOver, IsLostByCWithAWarning) {
  CmdWorld world;
  world.HandOverMeasurements();
  EXPECT_EQ(world.Run({"-l", "-c", "--noefi", world.WriteKernel()}), kExitOk) << world.message;
  EXPECT_THAT(
      world.diagnostics.TakeWarnings(),
      ElementsAre("the next kernel does not get IMA's list of measurements: kexec_load loses it; leave "
                  "out -c to hand it over"));
  EXPECT_THAT(world.kernel.loads(), SizeIs(1));
}

TEST(HandedOver, DoesNotMatterToACrashKernel) {
  CmdWorld world;
  world.HandOverMeasurements();
  const std::string kernel = world.WriteKernel();
  EXPECT_EQ(world.Run({"-p", "-i", kernel}), kExitOk) << world.message;
  EXPECT_EQ(world.Run({"-p", "-c", kernel}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), IsEmpty());
  EXPECT_THAT(world.kernel.loads(), SizeIs(2));
}

TEST(HandedOver, IsKeptWithAnInitrdAddedToAUnifiedKernelImage) {
  CmdWorld world;
  world.HandOverMeasurements();
  const std::string inside = AsText(testing::CpioBuilder().File("inside", "x").Trailer().Pad(512).Build());
  const std::string kernel = AsText(CmdWorld::SmallKernel().BuildBytes());
  const std::string image = world.Write("linux.efi", AsText(testing::PeBuilder()
                                                                .Section(".linux", kernel)
                                                                .Section(".initrd", inside)
                                                                .Section(".ucode", inside)
                                                                .Build()));
  EXPECT_EQ(world.Run({"-l", image}), kExitOk) << world.message;
  ASSERT_THAT(world.kernel.file_loads(), SizeIs(1));
  EXPECT_EQ(world.kernel.file_loads().at(0).initrd, inside + inside);
  EXPECT_TRUE(world.kernel.file_loads().at(0).kernel == kernel);
}

// What --capture records of a machine is enough to choose there as here.
TEST(HandedOver, IsKnownFromARecord) {
  for (const std::string_view shown : {"sys/kernel/debug/kho/out/bootmem_phys", "dev/liveupdate"}) {
    CmdWorld world;
    world.machine.CopyFrom(std::filesystem::path(KEXEC_SOURCE_DIR) / "tests/golden/machines/bios-2g-smp2",
                           "");
    world.machine.File(shown, "0x40000000\n");
    const std::string kernel = world.WriteKernel();
    const std::filesystem::path record = std::filesystem::path(kernel).parent_path() / "record";
    ASSERT_EQ(world.Run({"--capture", record.string()}), kExitOk) << world.message;
    world.diagnostics.TakeWarnings();  // of what a record tells
    CmdWorld other;
    other.machine.CopyFrom(record, "");
    EXPECT_EQ(other.Run({"--dry-run", "-l", "--noefi", kernel}), kExitUsage);
    EXPECT_EQ(
        other.message,
        "kexec_load would lose the memory that Kexec Handover preserves, but --noefi needs kexec_load; use "
        "-c to lose it")
        << shown;
  }
}

}  // namespace
}  // namespace kexec
