// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "kexec/system_root.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

class FileTest : public ::testing::Test {
 protected:
  std::string Path(std::string_view name) const { return (scratch_.path() / name).string(); }
  std::string Refusal(std::string_view name, uint64_t max = 1000) const {
    return MessageOf(OpenImageFile(Path(name), max));
  }
  ScratchRoot scratch_;
};

TEST_F(FileTest, ARegularFileIsMappedAndKeepsItsDescriptor) {
  scratch_.File("image", "bytes of an image");
  const auto file = OpenImageFile(Path("image"), 1000);
  ASSERT_TRUE(file.has_value()) << MessageOf(file);
  EXPECT_TRUE(file->mapped);
  EXPECT_TRUE(file->fd.valid());
  EXPECT_EQ(fcntl(file->fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(file->bytes.size(), 17u);
  EXPECT_EQ(file->bytes.view()[0], std::byte{'b'});
}

TEST_F(FileTest, TheBytesOutliveTheirNameAndTheImageFile) {
  scratch_.File("image", "still here");
  SharedBytes bytes;
  {
    auto file = OpenImageFile(Path("image"), 1000);
    ASSERT_TRUE(file.has_value());
    bytes = file->bytes;
    scratch_.Remove("image");
  }
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.view().data()), bytes.size()), "still here");
}

TEST_F(FileTest, AFifoIsReadToItsEnd) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const std::string sent(3 << 20, 'x');
  std::thread writer([&] {
    const UniqueFd fd(open(Path("pipe").c_str(), O_WRONLY | O_CLOEXEC));
    for (size_t done = 0; done < sent.size();) {
      const ssize_t wrote = write(fd.get(), sent.data() + done, sent.size() - done);
      if (wrote <= 0) break;
      done += static_cast<size_t>(wrote);
    }
  });
  const auto file = OpenImageFile(Path("pipe"), 4 << 20);
  writer.join();
  ASSERT_TRUE(file.has_value()) << MessageOf(file);
  EXPECT_FALSE(file->mapped);
  EXPECT_FALSE(file->fd.valid());
  EXPECT_EQ(file->bytes.size(), sent.size());
}

TEST_F(FileTest, RefusesWhatIsNoImageWithOneSentence) {
  scratch_.File("empty", "").File("long", std::string(1001, 'x')).Folder("folder");
  EXPECT_EQ(Refusal("missing"), "'" + Path("missing") + "': cannot open: No such file or directory");
  EXPECT_EQ(Refusal("empty"), "'" + Path("empty") + "': is empty");
  EXPECT_EQ(Refusal("folder"), "'" + Path("folder") + "': is a directory, not a file");
  EXPECT_EQ(Refusal("long"),
            "'" + Path("long") + "': is 1001 bytes long, longer than the 1000 bytes allowed");
  EXPECT_EQ(MessageOf(OpenImageFile("/dev/null", 1000)), "'/dev/null': is neither a regular file nor a pipe");
}

TEST_F(FileTest, AnEndlessFileOfTextIsCutOffWithAnError) {
  scratch_.File("long", std::string(5000, 'x'));
  const auto read = [&](size_t most) {
    return ReadSmallFile(UniqueFd(open(Path("long").c_str(), O_RDONLY | O_CLOEXEC)), "shown", most);
  };
  EXPECT_EQ(MessageOf(read(4999)), "'shown' is longer than 4999 bytes");
  EXPECT_EQ(read(5000)->size(), 5000u);
}

TEST_F(FileTest, ARootReadsListsAndTellsWhatItRead) {
  scratch_.File("proc/x", "line\n").File("proc/b/c", "").File("proc/sys/kernel/arch", "riscv64\n");
  SystemRoot root = scratch_.root();
  std::vector<std::string> seen;
  root.Observe([&](std::string_view path, std::optional<size_t> head) {
    seen.push_back(head ? fmt::format("{}:{}", path, *head) : std::string(path));
  });
  EXPECT_FALSE(root.live());
  EXPECT_EQ(*root.ReadText("/proc/x"), "line\n");
  EXPECT_EQ(*root.ReadLine("proc/x"), "line");
  EXPECT_EQ(root.ReadBinary("proc/x")->size(), 5u);
  EXPECT_THAT(*root.List("proc"), ElementsAre("b", "sys", "x"));
  EXPECT_EQ(*root.MachineName(), "riscv64");
  EXPECT_TRUE(root.Exists("proc/b"));
  EXPECT_FALSE(root.Exists("proc/nothing"));
  EXPECT_EQ(root.ReadText("proc/nothing").error().sys_errno(), ENOENT);
  EXPECT_THAT(seen,
              ElementsAre("/proc/x", "proc/x", "proc/x", "proc", "proc/sys/kernel/arch", "proc/nothing"));
}

TEST(ParseNumber, TakesDecimalAndHexAndNothingElse) {
  EXPECT_EQ(ParseNumber(" 42\n"), 42u);
  EXPECT_EQ(ParseNumber("0xfF"), 255u);
  EXPECT_EQ(ParseNumber("18446744073709551615"), UINT64_MAX);
  for (const char* bad :
       {"", " ", "0x", "-1", "+1", "1 2", "18446744073709551616", "0x10000000000000000", "7f"}) {
    EXPECT_EQ(ParseNumber(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace kexec::testing
