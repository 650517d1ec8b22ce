// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/vmcore-dmesg/options.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/result_matchers.h"

namespace kexec {
namespace {

using testing::MessageOf;

Result<DmesgOptions> Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "vmcore-dmesg");
  return ParseDmesgArguments(static_cast<int>(words.size()), words.data());
}

TEST(DmesgOptions, TakeAFileAndOptionsInAnyOrder) {
  const auto plain = Parse({"/proc/vmcore"});
  ASSERT_TRUE(plain.has_value()) << MessageOf(plain);
  EXPECT_EQ(plain->dump, "/proc/vmcore");
  EXPECT_FALSE(plain->json);
  EXPECT_EQ(plain->levels, kAllLevels);
  const auto all = Parse({"dump", "--json", "-p", "--level=err+"});
  ASSERT_TRUE(all.has_value()) << MessageOf(all);
  EXPECT_EQ(all->dump, "dump");
  EXPECT_TRUE(all->json);
  EXPECT_TRUE(all->force_prefix);
  EXPECT_EQ(all->levels, 0x0f);
  const auto dashed = Parse({"--", "-J"});
  ASSERT_TRUE(dashed.has_value()) << MessageOf(dashed);
  EXPECT_EQ(dashed->dump, "-J");
}

TEST(DmesgOptions, KnowHelpAndVersion) {
  EXPECT_EQ(Parse({"--help"})->action, DmesgOptions::Action::kHelp);
  EXPECT_EQ(Parse({"-h", "x", "y"})->action, DmesgOptions::Action::kHelp);
  EXPECT_EQ(Parse({"-v"})->action, DmesgOptions::Action::kVersion);
  EXPECT_EQ(Parse({"--version"})->action, DmesgOptions::Action::kVersion);
}

TEST(DmesgOptions, RefuseInWords) {
  EXPECT_EQ(MessageOf(Parse({})), "0 files given, expected one: /proc/vmcore or a saved dump");
  EXPECT_EQ(MessageOf(Parse({"a", "b"})), "2 files given, expected one: /proc/vmcore or a saved dump");
  EXPECT_EQ(MessageOf(Parse({"--frobnicate", "a"})), "'--frobnicate' is no option of vmcore-dmesg");
  EXPECT_EQ(MessageOf(Parse({"-Jx", "a"})), "'-x' is no option of vmcore-dmesg");
  EXPECT_EQ(MessageOf(Parse({"--json=yes", "a"})), "option '--json=yes' takes no value");
  EXPECT_EQ(MessageOf(Parse({"a", "--level"})), "option '--level' needs a value");
  EXPECT_EQ(MessageOf(Parse({"a", "-l"})), "option '-l' needs a value");
  EXPECT_EQ(MessageOf(Parse({"a", "-l", "err,worse"})),
            "option '--level': 'worse' is no level; levels are emerg, alert, crit, err, warn, notice, info, "
            "debug, or 0 "
            "to 7");
}

TEST(DmesgOptions, ReadLevels) {
  EXPECT_EQ(*ParseLevels("emerg"), 0x01);
  EXPECT_EQ(*ParseLevels("debug"), 0x80);
  EXPECT_EQ(*ParseLevels("err,warn"), 0x18);
  EXPECT_EQ(*ParseLevels("debug+"), 0xff);
  EXPECT_EQ(*ParseLevels("0,7"), 0x81);
  EXPECT_FALSE(ParseLevels("").has_value());
  EXPECT_FALSE(ParseLevels("err,").has_value());
  EXPECT_FALSE(ParseLevels("+").has_value());
}

}  // namespace
}  // namespace kexec
