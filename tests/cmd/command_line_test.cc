// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/command_line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec {
namespace {

using testing::MessageOf;
using testing::ScratchRoot;

std::string Without(std::string_view line, std::vector<std::string_view> names) {
  return RemoveParameters(line, names);
}

struct Row {
  const char* name;
  const char* line;
  const char* left;
};

class RemoveBootImage : public ::testing::TestWithParam<Row> {};

TEST_P(RemoveBootImage, LeavesTheRest) {
  EXPECT_EQ(Without(GetParam().line, {"BOOT_IMAGE"}), GetParam().left);
}

INSTANTIATE_TEST_SUITE_P(
    , RemoveBootImage,
    ::testing::Values(Row{"First", "BOOT_IMAGE=/vmlinuz root=/dev/vda", "root=/dev/vda"},
                      Row{"Last", "root=/dev/vda BOOT_IMAGE=/vmlinuz", "root=/dev/vda"},
                      Row{"Middle", "a BOOT_IMAGE=x  b", "a  b"}, Row{"Alone", "BOOT_IMAGE=x", ""},
                      Row{"Twice", "BOOT_IMAGE=x a BOOT_IMAGE=y", "a"},
                      Row{"WithoutValue", "BOOT_IMAGE a", "a"},
                      Row{"OnlyAPrefix", "BOOT_IMAGE_DIR=x a", "BOOT_IMAGE_DIR=x a"},
                      Row{"OnlyASuffix", "MY_BOOT_IMAGE=x a", "MY_BOOT_IMAGE=x a"},
                      Row{"InsideAValue", "dyndbg=BOOT_IMAGE=x a", "dyndbg=BOOT_IMAGE=x a"},
                      Row{"InsideQuotes", "dyndbg=\"a BOOT_IMAGE=x b\" c", "dyndbg=\"a BOOT_IMAGE=x b\" c"},
                      Row{"QuotedValue", "BOOT_IMAGE=\"/my kernel\" a", "a"},
                      Row{"QuotedWhole", "\"BOOT_IMAGE=/my kernel\" a", "a"},
                      Row{"OpenQuote", "a BOOT_IMAGE=\"x y", "a"},
                      Row{"OtherBlanks", "a\tBOOT_IMAGE=x\nb", "a\nb"}, Row{"Empty", "", ""}),
    [](const auto& row) { return row.param.name; });

// An independent reading of what a word is: blanks outside quotes separate.
std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (!quoted && std::isspace(static_cast<unsigned char>(c))) {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

rc::Gen<std::string> AnyLine() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(
                          rc::gen::element<std::string>("BOOT_IMAGE", "BOOT_IMAGE=", "crashkernel=", "crash",
                                                        "a", "=", "\"", " ", "\t", "  ", "x=1", "--")),
                      [](const std::vector<std::string>& pieces) {
                        std::string line;
                        for (const std::string& piece : pieces) line += piece;
                        return line;
                      });
}

RC_GTEST_PROP(RemoveParametersProperty, RemovesExactlyTheWordsThatSetThem, ()) {
  const std::string line = *AnyLine();
  std::vector<std::string> expected = Words(line);
  std::erase_if(expected, [](const std::string& word) {
    std::string name = word;
    if (name.starts_with('"')) {
      name.erase(0, 1);
      if (name.ends_with('"')) name.pop_back();
    }
    name = name.substr(0, name.find('='));
    return name == "BOOT_IMAGE" || name == "crashkernel";
  });
  RC_ASSERT(Words(Without(line, {"BOOT_IMAGE", "crashkernel"})) == expected);
}

RC_GTEST_PROP(RemoveParametersProperty, ChangesNothingWhereNothingIsNamed, ()) {
  const std::string line = *AnyLine();
  RC_ASSERT(Without(line, {"notthere"}) == line);
}

TEST(BuildCommandLine, IsEmptyByDefault) {
  const ScratchRoot machine;
  EXPECT_EQ(BuildCommandLine({}, machine.root()).value(), "");
}

TEST(BuildCommandLine, TakesAppendAsItIs) {
  const ScratchRoot machine;
  EXPECT_EQ(BuildCommandLine({.append = " a \"b c\"  d "}, machine.root()).value(), " a \"b c\"  d ");
}

TEST(BuildCommandLine, ReusesTheRunningOneAndAppends) {
  ScratchRoot machine;
  machine.File("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/vda crashkernel=128M quiet\n");
  EXPECT_EQ(BuildCommandLine({.append = "single", .reuse = true}, machine.root()).value(),
            "root=/dev/vda crashkernel=128M quiet single");
  EXPECT_EQ(
      BuildCommandLine({.append = "single", .reuse = true, .kind = LoadKind::kCrash}, machine.root()).value(),
      "root=/dev/vda quiet single");
  EXPECT_EQ(BuildCommandLine({.append = "", .reuse = true}, machine.root()).value(),
            "root=/dev/vda crashkernel=128M quiet");
}

// After a crash, and in a kernel that can jump back: each tells of memory that is another kernel's.
TEST(BuildCommandLine, LeavesOutWhatOnlyTheRunningKernelIsTold) {
  ScratchRoot machine;
  machine.File("proc/cmdline",
               "root=/dev/vda elfcorehdr=949632K dmcryptkeys=0x1000 elfcorehdr_x=1 kexec_jump_back_entry=0x5 "
               "kexec_jump_back_cr3=0x6 ro\n");
  for (const LoadKind kind : {LoadKind::kNormal, LoadKind::kCrash}) {
    EXPECT_EQ(BuildCommandLine({.reuse = true, .kind = kind}, machine.root()).value(),
              "root=/dev/vda elfcorehdr_x=1 ro");
  }
}

TEST(LastValue, IsThatOfTheLastWord) {
  EXPECT_EQ(LastValue("a=1 b=2 a=3", "a"), "3");
  EXPECT_EQ(LastValue("xa=1 a \"a=2 3\" ab=4", "a"), "2 3");
  EXPECT_EQ(LastValue("a=\"x y\" b", "a"), "x y");
  EXPECT_EQ(LastValue("a=", "a"), "");
  EXPECT_EQ(LastValue("a b a", "a"), std::nullopt);
  EXPECT_EQ(LastValue("", "a"), std::nullopt);
}

TEST(BuildCommandLine, AppendsToNothing) {
  ScratchRoot machine;
  machine.File("proc/cmdline", "BOOT_IMAGE=/vmlinuz\n");
  EXPECT_EQ(BuildCommandLine({.append = "single", .reuse = true}, machine.root()).value(), "single");
}

TEST(BuildCommandLine, RefusesAZeroByte) {
  ScratchRoot machine;
  machine.File("proc/cmdline", std::string_view("root\0x\n", 7));
  EXPECT_EQ(MessageOf(BuildCommandLine({.reuse = true}, machine.root())),
            "the command line holds a zero byte at offset 4");
}

TEST(BuildCommandLine, SaysWhatItCouldNotRead) {
  const ScratchRoot machine;
  EXPECT_EQ(MessageOf(BuildCommandLine({.reuse = true}, machine.root())),
            "--reuse-cmdline: cannot open '" + (machine.path() / "proc/cmdline").string() +
                "': No such file or directory");
}

}  // namespace
}  // namespace kexec
