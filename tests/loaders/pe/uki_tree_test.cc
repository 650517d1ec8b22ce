// SPDX-License-Identifier: GPL-2.0-or-later
// Which device tree of a unified kernel image is for the machine.
#include "loaders/pe/uki_tree.h"

#include <gtest/gtest.h>

#include <string_view>

#include "loaders/dtb/device_tree.h"
#include "tests/support/archive_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

// A board: what its root node is compatible with, most exact first.
DeviceTree Board(std::string_view names) {
  DeviceTree tree = DeviceTree::Empty();
  EXPECT_TRUE(tree.SetProperty("/", "compatible", BytesOf(names)).has_value());
  return tree;
}

SharedBytes Blob(const DeviceTree& tree) { return SharedBytes::Own(tree.Packed()); }

const std::string_view kBoardA("vendor,board-a\0vendor,soc", 25);
const std::string_view kBoardB("vendor,board-b\0vendor,soc", 25);
const std::string_view kOther("other,board\0", 12);

class UkiTreeTest : public ::testing::Test {
 protected:
  UkiTreeTest() {
    parts_.auto_trees = {Blob(Board(kOther)), Blob(Board(kBoardB)), Blob(Board(kBoardA))};
    parts_.tree = Blob(DeviceTree::Empty());
  }
  // The section chosen, and where its bytes lie.
  std::pair<std::string_view, const std::byte*> Choose(std::string_view board) {
    const auto chosen = ChooseUkiTree(parts_, board);
    EXPECT_EQ(MessageOf(chosen), "success");
    if (!chosen || !*chosen) return {};
    return {(*chosen)->section, (*chosen)->blob.view().data()};
  }
  PeResources parts_;
};

TEST_F(UkiTreeTest, IsTheOneWhoseFirstNameIsTheMachines) {
  EXPECT_EQ(Choose("vendor,board-a"),
            std::pair(std::string_view(".dtbauto"), parts_.auto_trees[2].view().data()));
  EXPECT_EQ(Choose("vendor,board-b"),
            std::pair(std::string_view(".dtbauto"), parts_.auto_trees[1].view().data()));
}

TEST_F(UkiTreeTest, IsTheOneForAllMachinesWhereNoneMatches) {
  const auto for_all = std::pair(std::string_view(".dtb"), parts_.tree->view().data());
  EXPECT_EQ(Choose("vendor,soc"), for_all) << "a second name does not match";
  EXPECT_EQ(Choose(""), for_all);
}

TEST_F(UkiTreeTest, IsNoneWhereNoneMatchesAndNoneIsForAll) {
  parts_.tree.reset();
  const auto none = std::pair<std::string_view, const std::byte*>();
  EXPECT_EQ(Choose(""), none);
  parts_.auto_trees.clear();
  EXPECT_EQ(Choose("vendor,board-a"), none);
}

TEST_F(UkiTreeTest, MustBeATree) {
  parts_.auto_trees = {SharedBytes::Own(BytesOf("no tree"))};
  EXPECT_TRUE(MessageOf(ChooseUkiTree(parts_, "vendor,board-a")).starts_with(".dtbauto: "));
}

}  // namespace
}  // namespace kexec::testing
