// SPDX-License-Identifier: GPL-2.0-or-later
// Compressed kernels, packed by the real tools, from the words to what reaches the kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::AsText;
using testing::CmdWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// The kernel of this world, packed by `command`, which reads standard input.
std::string Packed(CmdWorld& world, const std::string& command, const std::string& suffix = "packed") {
  const std::string plain = world.WriteKernel();
  const std::string packed = world.Write("vmlinuz." + suffix, "");
  const std::string line = "(" + command + ") < '" + plain + "' > '" + packed + "'";
  EXPECT_EQ(std::system(line.c_str()), 0) << line;
  return packed;
}

// The protected-mode part: what kexec_load gets as a segment.
std::string KernelPart() {
  const auto builder = CmdWorld::SmallKernel();
  return AsText(builder.BuildBytes()).substr(builder.setup_size());
}

struct Tool {
  const char* name;
  const char* command;
  const char* shown;  // in plans
};

class Compressed : public ::testing::TestWithParam<Tool> {};

TEST_P(Compressed, ReachesKexecFileLoadUnpacked) {
  for (const char* call : {"-a", "-s"}) {
    CmdWorld world;
    world.HandOverMeasurements();
    EXPECT_EQ(world.Run({"-l", call, Packed(world, GetParam().command)}), kExitOk) << world.message;
    ASSERT_THAT(world.kernel.file_loads(), SizeIs(1));
    EXPECT_TRUE(world.kernel.file_loads().at(0).kernel == AsText(CmdWorld::SmallKernel().BuildBytes()));
    EXPECT_THAT(world.kernel.loads(), IsEmpty());
    EXPECT_TRUE(world.kernel.loaded());
  }
}

TEST_P(Compressed, LiesUnpackedWhereThePlainKernelWouldBe) {
  CmdWorld world;
  const std::string packed = Packed(world, GetParam().command);
  ASSERT_EQ(world.Run({"--dry-run", "--json", "-l", "-c", packed}), kExitOk) << world.message;
  const auto plan = nlohmann::json::parse(world.out);
  EXPECT_EQ(plan["kernel"]["compression"], GetParam().shown);
  EXPECT_EQ(plan["kernel"]["type"], "bzImage64");
  EXPECT_EQ(world.Run({"-l", "-c", packed}), kExitOk) << world.message;
  ASSERT_THAT(world.kernel.loads(), SizeIs(1));
  ASSERT_TRUE(world.kernel.Boot().has_value());
  int kernels = 0;
  for (const auto& segment : plan["plan"]["segments"]) {
    if (segment["source"] != packed) continue;
    ++kernels;
    const auto begin = std::stoull(std::string(segment["begin"]), nullptr, 16);
    EXPECT_TRUE(AsText(world.kernel.memory().Read(PhysAddr(begin), KernelPart().size())) == KernelPart());
  }
  EXPECT_EQ(kernels, 1);
}

INSTANTIATE_TEST_SUITE_P(
    , Compressed,
    ::testing::Values(Tool{"gzip", "gzip -c", "gzip"}, Tool{"xz", "xz -c", "xz"},
                      Tool{"lzma", "xz --format=lzma -c", "lzma"}, Tool{"zstd", "zstd -q -c", "zstd"},
                      Tool{"lz4_legacy", "lz4 -q -l -c", "lz4"}, Tool{"lz4_frame", "lz4 -q -c", "lz4 frame"},
                      Tool{"bzip2", "bzip2 -c", "bzip2"}, Tool{"lzop", "lzop -c", "lzop"},
                      Tool{"twice", "zstd -q -c | gzip -c", "zstd in gzip"}),
    [](const auto& tool) { return std::string(tool.param.name); });

TEST(CompressedKernel, IsShownInPlansWithBothSizes) {
  CmdWorld world;
  const std::string packed = Packed(world, "gzip -c");
  ASSERT_EQ(world.Run({"--dry-run", "--json", "-l", packed}), kExitOk) << world.message;
  const auto json = nlohmann::json::parse(world.out);
  EXPECT_EQ(json["kernel"]["bytes"], std::filesystem::file_size(packed));
  EXPECT_EQ(json["kernel"]["unpacked_bytes"], CmdWorld::SmallKernel().BuildBytes().size());
  EXPECT_EQ(json["kernel"]["mapped"], false);
  EXPECT_EQ(json["call"]["first"], "kexec_load");
  ASSERT_EQ(world.Run({"--dry-run", "-l", packed}), kExitOk) << world.message;
  EXPECT_THAT(world.out,
              AllOf(StartsWith("kernel        " + packed + " ("),
                    HasSubstr("\n              gzip, unpacked 66.5 KiB\n              bzImage64, ")));
  ASSERT_EQ(world.Run({"--dry-run", "--json", "-l", world.WriteKernel()}), kExitOk) << world.message;
  const auto plain = nlohmann::json::parse(world.out);
  EXPECT_TRUE(plain["kernel"]["compression"].is_null());
  EXPECT_EQ(plain["kernel"]["unpacked_bytes"], plain["kernel"]["bytes"]);
}

TEST(CompressedKernel, UnderLockdownSaysWhichSignatureCounts) {
  CmdWorld world;
  const std::string packed = Packed(world, "gzip -c");
  EXPECT_EQ(world.Run({"-l", "-s", packed}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), IsEmpty());
  EXPECT_THAT(world.diagnostics.notes(),
              Contains(HasSubstr("IMA label of the gzip file itself does not count")));
  world.machine.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  EXPECT_EQ(world.Run({"-l", packed}), kExitOk) << world.message;
  EXPECT_THAT(
      world.diagnostics.TakeWarnings(),
      ElementsAre("the kernel is handed over unpacked, in a file in memory: a signature or IMA label of the "
                  "gzip file itself does not count, one inside the unpacked kernel does"));
  EXPECT_THAT(world.kernel.file_loads(), SizeIs(2));
}

TEST(CompressedKernel, FallsBackToKexecLoad) {
  CmdWorld world;
  const std::string packed = Packed(world, "zstd -q -c");
  world.kernel.FailNext(KexecCall::kFileLoad, ENOEXEC);
  EXPECT_EQ(world.Run({"-p", packed}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), ElementsAre(EndsWith("; falling back to kexec_load")));
  EXPECT_THAT(world.kernel.loads(), SizeIs(1));
}

TEST(CompressedKernel, IsRefusedInOneSentenceWhereItIsCut) {
  CmdWorld world;
  const std::string packed = Packed(world, "gzip -c");
  std::filesystem::resize_file(packed, 1000);
  for (const char* call : {"-a", "-s", "-c"}) {
    EXPECT_EQ(world.Run({"-l", call, packed}), kExitFailed);
    EXPECT_EQ(world.message, "cannot load '" + packed + "': gzip data: cut short: the file ends at 0x3e8");
  }
}

TEST(CompressedKernel, MustHoldAKernel) {
  CmdWorld world;
  const std::string text = world.Write("text", "hello\n");
  const std::string packed = world.Write("text.gz", "");
  ASSERT_EQ(std::system(("gzip -c '" + text + "' > '" + packed + "'").c_str()), 0);
  EXPECT_EQ(world.Run({"-l", packed}), kExitFailed);
  EXPECT_THAT(world.message, StartsWith("Cannot determine the file type of " + packed +
                                        ": unpacked from gzip, this looks like text, not like a kernel"));
}

TEST(CompressedKernel, MayNotUnpackToMoreThanHalfOfRam) {
  CmdWorld world;
  const std::string packed = Packed(world, "gzip -c");
  world.machine.File("proc/meminfo", "MemTotal:        128 kB\nMemFree:         64 kB\n");
  EXPECT_EQ(world.Run({"-l", packed}), kExitFailed);
  EXPECT_THAT(world.message, HasSubstr("gzip data: unpacks to more than the 65536 bytes allowed"));
}

TEST(Version, ListsWhatIsUnpacked) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"--version"}), kExitOk);
  EXPECT_THAT(world.out,
              AllOf(StartsWith("kexec-tools 2.0.32 ("), HasSubstr("\nunpacks gzip (zlib "), EndsWith(")\n")));
}

}  // namespace
}  // namespace kexec
