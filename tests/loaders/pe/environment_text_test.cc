// SPDX-License-Identifier: GPL-2.0-or-later
// os-release(5) and .profile sections.
#include "loaders/pe/environment_text.h"

#include <gtest/gtest.h>

namespace kexec::testing {
namespace {

constexpr std::string_view kText =
    "# PRETTY_NAME=no\n"
    "NAME=Debian\r\n"
    "  PRETTY_NAME=\"Debian \\\"12\\\" (bookworm)\"\n"
    "QUOTED='a b'\n"
    "OPEN=\"a b\n"
    "EMPTY=\n"
    "TWICE=1\n"
    "TWICE=2\n"
    "no equals sign\n"
    "LAST=x";

TEST(EnvironmentValue, TakesQuotesAndEscapesOff) {
  EXPECT_EQ(EnvironmentValue(kText, "PRETTY_NAME"), "Debian \"12\" (bookworm)");
  EXPECT_EQ(EnvironmentValue(kText, "QUOTED"), "a b");
  EXPECT_EQ(EnvironmentValue(kText, "NAME"), "Debian");
  EXPECT_EQ(EnvironmentValue(kText, "LAST"), "x");
}

TEST(EnvironmentValue, LeavesWhatIsNotQuotedAsAWhole) {
  EXPECT_EQ(EnvironmentValue(kText, "OPEN"), "\"a b");
  EXPECT_EQ(EnvironmentValue(kText, "EMPTY"), "");
  EXPECT_EQ(EnvironmentValue("A=\"", "A"), "\"");
  EXPECT_EQ(EnvironmentValue("A=\"\\\"", "A"), "\\");
}

TEST(EnvironmentValue, TakesTheLastAndKnowsWhatIsMissing) {
  EXPECT_EQ(EnvironmentValue(kText, "TWICE"), "2");
  EXPECT_EQ(EnvironmentValue(kText, "PRETTY"), std::nullopt);
  EXPECT_EQ(EnvironmentValue("", "A"), std::nullopt);
}

}  // namespace
}  // namespace kexec::testing
