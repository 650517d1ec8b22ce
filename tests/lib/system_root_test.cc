// SPDX-License-Identifier: GPL-2.0-or-later
// Reading less than a whole file.
#include "kexec/system_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace kexec::testing
