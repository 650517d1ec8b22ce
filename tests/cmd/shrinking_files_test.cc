// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels and initrds that another program cuts short at every moment of a load.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cmd/kexec/exit_status.h"
#include "loaders/decompress.h"
#include "loaders/initrd.h"
#include "loaders/kernel_image.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A kernel and an initrd of many pages in a world of their own.
struct Files {
  CmdWorld world;
  std::string kernel = world.WriteKernel();
  std::string initrd = world.WriteInitrd();

  Files() { std::filesystem::resize_file(initrd, 1 << 20); }  // an archive, and zeros behind it

  // The number of messages that a load says, with `path` cut to a quarter at number `when`; 0: at none.
  size_t Load(const std::string& path, size_t when, std::vector<std::string_view> words) {
    size_t said = 0;
    world.diagnostics.on_message = [&] {
      if (++said == when) std::filesystem::resize_file(path, std::filesystem::file_size(path) / 4 + 1);
    };
    words.insert(words.end(), {kernel, "--initrd", initrd});
    world.Run(words);
    world.diagnostics.on_message = nullptr;
    world.diagnostics.TakeWarnings();
    return said;
  }
};

// Each message is said at a stage: what was opened, what it is, the memory, the places, the plan.
void ExpectASentenceAtEveryStage(const std::vector<std::string_view>& words, std::string Files::* which) {
  const size_t stages = Files().Load("", 0, words);
  ASSERT_GE(stages, 6u);
  size_t told = 0;
  for (size_t stage = 1; stage <= stages; ++stage) {
    Files files;
    const std::string& path = files.*which;
    files.Load(path, stage, words);
    const bool tells = files.world.message.starts_with("'" + path + "' shrank while it was read: ");
    told += tells;
    // Cut before it was opened it is only a shorter file.
    EXPECT_TRUE(tells || told == 0) << "at stage " << stage << ": " << files.world.message;
    if (!tells) continue;
    EXPECT_THAT(files.world.kernel.loads(), IsEmpty()) << "at stage " << stage;
    EXPECT_THAT(files.world.kernel.file_loads(), IsEmpty()) << "at stage " << stage;
    EXPECT_EQ(files.world.out, "") << "at stage " << stage;
  }
  EXPECT_GE(told, 4u);
}

TEST(ShrinkingFiles, AreToldOfAtEveryStage) {
  for (const auto which : {&Files::kernel, &Files::initrd}) {
    ExpectASentenceAtEveryStage({"-l", "-c"}, which);
    ExpectASentenceAtEveryStage({"-l", "-s"}, which);
    ExpectASentenceAtEveryStage({"-p", "-c"}, which);
    ExpectASentenceAtEveryStage({"-l", "-c", "--dry-run", "--json"}, which);
  }
}

// The kernel's own reading.
TEST(ShrinkingFiles, AreWhyTheKernelCannotReadThem) {
  for (const bool crash : {false, true}) {
    Files files;
    const std::string_view load = crash ? "-p" : "-l";
    ASSERT_EQ(files.world.Run({load, "-c", files.kernel}), 0) << files.world.message;
    files.world.kernel.on_load = [&] { std::filesystem::resize_file(files.initrd, 5000); };
    EXPECT_EQ(files.world.Run({load, "-c", files.kernel, "--initrd", files.initrd}), kExitFailed);
    EXPECT_EQ(files.world.message,
              "'" + files.initrd +
                  "' shrank while it was read: 1048576 bytes long when opened, 5000 now; try again when "
                  "nothing writes to it; " +
                  (crash ? "nothing is loaded" : "the kernel loaded before is still in place"));
  }
}

// Less than a page is missing: the kernel has read zeros in its place, and says nothing.
TEST(ShrinkingFiles, AreUnloadedAgain) {
  for (const std::string_view call : {"-c", "-s"}) {
    for (const std::string_view load : {"-l", "-p"}) {
      Files files;
      files.world.kernel.on_load = [&] { std::filesystem::resize_file(files.initrd, (1 << 20) - 1); };
      EXPECT_EQ(files.world.Run({load, call, files.kernel, "--initrd", files.initrd}), kExitUsage);
      EXPECT_THAT(files.world.message,
                  StartsWith("'" + files.initrd + "' shrank while it was read: 1048576 bytes long"));
      EXPECT_THAT(files.world.message, EndsWith("; what was loaded from it is unloaded again"));
      EXPECT_FALSE(files.world.kernel.loaded());
      EXPECT_FALSE(files.world.kernel.crash_loaded());
    }
  }
}

TEST(ShrinkingFiles, AreDamagedWhereTheyCannotBeUnloaded) {
  Files files;
  files.world.kernel.on_load = [&] {
    std::filesystem::resize_file(files.initrd, (1 << 20) - 1);
    files.world.kernel.FailNext(KexecCall::kFileLoad, EBUSY);
  };
  EXPECT_EQ(files.world.Run({"-l", "-c", files.kernel, "--initrd", files.initrd}), kExitUsage);
  EXPECT_THAT(files.world.message,
              HasSubstr("; what was loaded from it is damaged and cannot be unloaded (kexec_file_load "
                        "(unload): Device or resource busy: "));
}

TEST(ShrinkingFiles, AreNeverJumpedInto) {
  Files files;
  files.world.kernel.on_load = [&] { std::filesystem::resize_file(files.kernel, 5000); };
  EXPECT_EQ(files.world.Run({"-f", "-c", files.kernel}), kExitFailed);
  EXPECT_EQ(files.world.kernel.reboots(), 0);
}

TEST(ShrinkingFiles, WrittenToMeanwhileAreRefusedToo) {
  Files files;
  files.world.diagnostics.on_message = [&] {
    std::filesystem::last_write_time(files.kernel, std::filesystem::file_time_type{});
  };
  EXPECT_EQ(files.world.Run({"-l", "-c", files.kernel, "--initrd", files.initrd}), kExitUsage);
  EXPECT_EQ(files.world.message,
            "'" + files.kernel + "' was written to while it was read; try again when nothing writes to it");
  files.world.diagnostics.on_message = nullptr;
}

// What reads every byte, on files cut anywhere after they were opened: no fault, whatever it makes of the
// zeros.
TEST(ShrinkingFiles, AreParsedAndUnpackedWithoutAFault) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string initrd = world.WriteInitrd();
  std::vector<std::string> paths = {kernel, initrd};
  for (const std::string tool : {"gzip", "xz", "zstd", "lz4", "bzip2", "lzop"}) {
    paths.push_back(world.Write("packed." + tool, ""));
    // Packed without much success, so that it has pages to lose.
    const std::string line =
        "(head -c 40000 /dev/urandom; cat '" + kernel + "') | " + tool + " > '" + paths.back() + "'";
    ASSERT_EQ(std::system(line.c_str()), 0);
  }
  for (const std::string& path : paths) {
    const auto size = std::filesystem::file_size(path);
    const std::string copy = world.Write("copy", "");
    for (uint64_t cut = 0; cut < size; cut += 4096) {
      std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
      const FileWatch watch;
      const auto file = OpenImageFile(copy, 1 << 30);
      ASSERT_TRUE(file.has_value());
      std::filesystem::resize_file(copy, cut);
      SilentDiagnostics silent;
      const auto unpacked = UnpackKernel(file->bytes, silent);
      if (unpacked.has_value()) static_cast<void>(ParseKernel(unpacked->bytes, "", silent).has_value());
      static_cast<void>(CheckInitrd(file->bytes.view(), copy, silent).has_value());
      EXPECT_THAT(MessageOf(watch.Unchanged()), StartsWith("'" + copy + "' shrank while it was read: "))
          << path << cut;
    }
  }
}

}  // namespace
}  // namespace kexec::testing
