// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/vmcore-dmesg/dump_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/support/result_matchers.h"

namespace kexec {
namespace {

using testing::MessageOf;

// A file that goes away.
class ScratchFile {
 public:
  explicit ScratchFile(uint64_t size)
      : path_(std::filesystem::temp_directory_path() / ("kexec-dump-" + std::to_string(getpid()))) {
    std::ofstream(path_) << "begin";
    std::filesystem::resize_file(path_, size);
  }
  ~ScratchFile() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(DumpFile, OfManyGigabytesIsMapped) {
  constexpr uint64_t kSize = uint64_t{9} << 30;  // sparse: takes no room
  const ScratchFile file(kSize);
  const auto source = OpenDumpFile(file.path());
  ASSERT_TRUE(source.has_value()) << MessageOf(source);
  EXPECT_EQ((*source)->size(), kSize);
  std::byte five[5], last[4];
  ASSERT_TRUE((*source)->Read(0, five).has_value());
  EXPECT_EQ(std::memcmp(five, "begin", 5), 0);
  EXPECT_TRUE((*source)->Read(kSize - 4, last).has_value());
  EXPECT_EQ(MessageOf((*source)->Read(kSize - 3, last)),
            "0x4 bytes at 0x23ffffffd are not in the file, it has 0x240000000");
}

TEST(DumpFile, IsReadInWindowsWhereItCannotBeMapped) {
  constexpr uint64_t kSize = 200'000;  // the last window is not full
  const ScratchFile file(kSize);
  std::fstream(file.path(), std::ios::in | std::ios::out).seekp(65534) << "seam";
  const auto source = OpenDumpFile(file.path(), DumpAccess::kWindows);
  ASSERT_TRUE(source.has_value()) << MessageOf(source);
  std::byte four[4];
  ASSERT_TRUE((*source)->Read(65534, four).has_value());
  EXPECT_EQ(std::memcmp(four, "seam", 4), 0);
  EXPECT_TRUE((*source)->Read(kSize - 4, four).has_value());
  EXPECT_EQ(MessageOf((*source)->Read(kSize - 3, four)),
            "0x4 bytes at 0x30d3d are not in the file, it has 0x30d40");
  std::filesystem::resize_file(file.path(), 70000);
  EXPECT_EQ(MessageOf((*source)->Read(70001, four)), "the file ends at 0x11170, it said 0x30d40");
  EXPECT_TRUE((*source)->Read(69996, four).has_value());
}

TEST(DumpFile, EmptyHasNoBytes) {
  const ScratchFile file(0);
  const auto source = OpenDumpFile(file.path());
  ASSERT_TRUE(source.has_value()) << MessageOf(source);
  EXPECT_EQ((*source)->size(), 0u);
  std::byte one[1];
  EXPECT_FALSE((*source)->Read(0, one).has_value());
}

TEST(DumpFile, RefusesWhatCannotBeReadAnywhere) {
  EXPECT_EQ(MessageOf(OpenDumpFile("/nonexistent/vmcore")),
            "cannot open '/nonexistent/vmcore': No such file or directory");
  EXPECT_EQ(MessageOf(OpenDumpFile("/dev/null")),
            "cannot open '/dev/null': neither a file nor a block device; save the dump first");
  EXPECT_EQ(MessageOf(OpenDumpFile("/tmp")),
            "cannot open '/tmp': neither a file nor a block device; save the dump first");
}

}  // namespace
}  // namespace kexec
