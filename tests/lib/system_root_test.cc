// SPDX-License-Identifier: GPL-2.0-or-later
// Reading less than a whole file, and only files that are files of the machine.
#include "kexec/system_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

class PartOfAFile : public ::testing::Test {
 protected:
  PartOfAFile() : root_(scratch_.root()) {
    root_.Observe([this](std::string_view path, std::optional<size_t> head) {
      seen_.push_back(fmt::format("{} {}", path, head ? std::to_string(*head) : "all"));
    });
  }
  std::vector<std::string> Lines(size_t wanted) {
    std::vector<std::string> lines;
    EXPECT_EQ(MessageOf(root_.ForEachLine("proc/text",
                                          [&](std::string_view line) {
                                            lines.emplace_back(line);
                                            return lines.size() < wanted;
                                          })),
              "success");
    return lines;
  }

  ScratchRoot scratch_;
  SystemRoot root_;
  std::vector<std::string> seen_;
};

TEST_F(PartOfAFile, IsItsHeadOrAllOfAShorterOne) {
  scratch_.File("proc/kcore", std::string(100'000, 'x'));
  EXPECT_EQ(root_.ReadHead("proc/kcore", 64)->size(), 64u);
  EXPECT_EQ(root_.ReadHead("proc/kcore", 200'000)->size(), 100'000u);
  EXPECT_EQ(root_.ReadHead("proc/kcore", 0)->size(), 0u);
  EXPECT_THAT(seen_, ElementsAre("proc/kcore 64", "proc/kcore 200000", "proc/kcore 0"));
  EXPECT_EQ(MessageOf(root_.ReadHead("proc/none", 1)),
            fmt::format("cannot open '{}/proc/none': No such file or directory", scratch_.path().string()));
}

TEST_F(PartOfAFile, IsAllOfAnAttribute) {
  scratch_.File("sys/size", "368\n").File("sys/long", std::string(4096, 'x')).Folder("sys/folder");
  EXPECT_EQ(root_.ReadAttribute("sys/size").value(), "368\n");
  EXPECT_THAT(seen_, ElementsAre("sys/size all"));
  const std::string sys = (scratch_.path() / "sys").string();
  EXPECT_EQ(MessageOf(root_.ReadAttribute("sys/long")),
            fmt::format("'{}/long' is longer than the 4095 bytes allowed", sys));
  EXPECT_EQ(MessageOf(root_.ReadAttribute("sys/folder")),
            fmt::format("cannot read '{}/folder': Is a directory", sys));
  EXPECT_EQ(root_.ReadAttribute("sys/none").error().sys_errno(), ENOENT);
}

TEST_F(PartOfAFile, IsAsManyLinesAsTheReaderWants) {
  scratch_.File("proc/text", "one\n\nthree\nfour");
  EXPECT_THAT(Lines(2), ElementsAre("one", ""));
  EXPECT_THAT(Lines(9), ElementsAre("one", "", "three", "four"));
  EXPECT_THAT(seen_, ElementsAre("proc/text 0", "proc/text 0"));
  scratch_.File("proc/text", "");
  EXPECT_THAT(Lines(9), ElementsAre());
}

TEST_F(PartOfAFile, MayBeLongerThanTheBuffer) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += fmt::format("{:016x} T symbol_{}\n", i, i);
  scratch_.File("proc/text", text);
  std::string joined;
  for (const std::string& line : Lines(SIZE_MAX)) joined += line + "\n";
  EXPECT_EQ(joined, text);
}

TEST_F(PartOfAFile, HasNoEndlessLines) {
  scratch_.File("proc/text", std::string(70'000, 'x'));
  EXPECT_EQ(MessageOf(root_.ForEachLine("proc/text", [](std::string_view) { return true; })),
            fmt::format("'{}/proc/text' has a line of 65536 bytes", scratch_.path().string()));
}

// Every way to read a file, by name.
std::vector<std::string> AnswersOf(const SystemRoot& root, std::string_view path) {
  return {MessageOf(root.ReadText(path)),
          MessageOf(root.ReadLine(path)),
          MessageOf(root.ReadBinary(path)),
          MessageOf(root.ReadHead(path, 10)),
          MessageOf(root.ReadAttribute(path)),
          MessageOf(root.ForEachLine(path, [](std::string_view) { return true; }))};
}

TEST(SystemRoot, ReadsRegularFilesOnly) {
  ScratchRoot scratch;
  const std::string path = (scratch.Folder("boot").path() / "boot/z.conf").string();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::string refusal = fmt::format("'{}' is a FIFO, not a regular file", path);
  EXPECT_THAT(AnswersOf(scratch.root(), "boot/z.conf"), ::testing::Each(refusal));
  EXPECT_EQ(MessageOf(scratch.root().OpenDevice("boot/z.conf")), refusal);
  EXPECT_THAT(
      AnswersOf(scratch.root(), "boot"),
      ::testing::Each(fmt::format("cannot read '{}': Is a directory", path.substr(0, path.rfind('/')))));
}

TEST(SystemRoot, ReadsDevicesOfTheRunningSystemAlone) {
  const SystemRoot live = *SystemRoot::Open("/");
  EXPECT_TRUE(live.OpenDevice("dev/null").has_value());
  EXPECT_EQ(MessageOf(live.ReadText("dev/null")), "'/dev/null' is a device, not a regular file");
  EXPECT_TRUE(live.ReadText("proc/version").has_value());
  // A root is live by its name alone: what a record has are copies.
  const SystemRoot record = *SystemRoot::Open("/dev");
  EXPECT_EQ(MessageOf(record.OpenDevice("null")), "'/dev/null' is a device, not a regular file");
}

TEST(SystemRoot, IsNotLeftByLinksOfARecord) {
  ScratchRoot outside;
  outside.File("secret", "secret");
  ScratchRoot scratch;
  scratch.File("proc/real", "inside");
  namespace fs = std::filesystem;
  fs::create_symlink(outside.path() / "secret", scratch.path() / "proc/link");
  fs::create_symlink(outside.path(), scratch.path() / "sys");
  fs::create_symlink("/proc/real", scratch.path() / "proc/inside");
  const SystemRoot root = scratch.root();
  EXPECT_THAT(AnswersOf(root, "proc/link"),
              ::testing::Each(::testing::EndsWith(": No such file or directory")));
  EXPECT_FALSE(root.Exists("proc/link"));
  EXPECT_FALSE(root.Exists("sys/secret"));
  EXPECT_EQ(root.Kind("sys/secret"), EntryKind::kNone);
  EXPECT_EQ(root.Kind("sys"), EntryKind::kOther);
  EXPECT_EQ(root.List("sys").error().sys_errno(), ENOENT);
  EXPECT_EQ(root.ReadText("proc/inside").value(), "inside");
  EXPECT_TRUE(root.Exists("proc/inside"));
}

}  // namespace
}  // namespace kexec::testing
