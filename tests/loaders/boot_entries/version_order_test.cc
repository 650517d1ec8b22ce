// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/boot_entries/version_order.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace kexec {
namespace {

struct Row {
  const char* a;
  const char* order;  // of a to b
  const char* b;
};

constexpr Row kRows[] = {
    {"", "=", ""},
    {"", "<", "0"},
    {"", ">", "~"},
    {"11", "=", "11"},
    {"011", "=", "11"},
    {"9", "<", "10"},
    {"6.1.0-9", "<", "6.1.0-10"},
    {"6.12.0", ">", "6.9.0"},
    {"99999999999999999999999", ">", "99999999999999999999998"},
    {"6.1~rc1", "<", "6.1"},
    {"6.1~rc1", "<", "6.1~rc2"},
    {"6.1^20260101", ">", "6.1"},
    {"6.1^1", ">", "6.1-1"},
    {"6.1-1", "<", "6.1.1"},
    {"123a", ">", "123"},
    {"123.a", ">", "123"},
    {"123.a", "<", "123.b"},
    {"123a", ">", "123.a"},
    {"bar-123", "<", "foo-123"},
    {"A", "<", "a"},
    {"0.", ">", "0"},
    {"1_", "=", "1"},
    {"+1", "=", "1"},
    {"1_", "<", "1.2"},
    {"1_2_3", ">", "1.3.3"},
    {"11\xce\xb1", "=", "11\xce\xb2"},
    {"fedora-6.8.9-300.fc40.x86_64", "<", "fedora-6.8.10-300.fc40.x86_64"},
    {"id-0-rescue", "<", "id-6.8.9-300.fc40.x86_64"},
};

std::string Sign(std::weak_ordering order) { return order < 0 ? "<" : order > 0 ? ">" : "="; }

TEST(CompareVersions, FollowsTheSpecification) {
  for (const Row& row : kRows) {
    EXPECT_EQ(Sign(CompareVersions(row.a, row.b)), row.order) << row.a << " and " << row.b;
    const std::string opposite = row.order[0] == '<' ? ">" : row.order[0] == '>' ? "<" : "=";
    EXPECT_EQ(Sign(CompareVersions(row.b, row.a)), opposite) << row.b << " and " << row.a;
  }
}

TEST(CompareVersions, IsAnOrder) {
  const auto text = rc::gen::container<std::string>(rc::gen::elementOf(std::string("0129ab-.~^_")));
  EXPECT_TRUE(rc::check("antisymmetric and transitive", [&] {
    const std::string a = *text, b = *text, c = *text;
    RC_ASSERT((CompareVersions(a, a) == 0));
    RC_ASSERT((CompareVersions(a, b) < 0) == (CompareVersions(b, a) > 0));
    RC_ASSERT((CompareVersions(a, b) == 0) == (CompareVersions(b, a) == 0));
    if (CompareVersions(a, b) <= 0 && CompareVersions(b, c) <= 0) RC_ASSERT((CompareVersions(a, c) <= 0));
  }));
}

}  // namespace
}  // namespace kexec
