// SPDX-License-Identifier: GPL-2.0-or-later
// A blob out of a directory like /proc/device-tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "loaders/dtb/device_tree.h"
#include "tests/support/archive_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using std::literals::operator""sv;
using ::testing::ElementsAre;

constexpr const char* kPath = "proc/device-tree";

TEST(FlattenDeviceTree, MakesTheTreeAgain) {
  ScratchRoot root;
  root.File("proc/device-tree/#address-cells", "\0\0\0\2"sv).File("proc/device-tree/name", "\0"sv);
  root.File("proc/device-tree/compatible", "acme,board\0"sv);
  root.File("proc/device-tree/memory@40000000/reg", "\0\0\0\0\x40\0\0\0\0\0\x10\0"sv);
  root.File("proc/device-tree/memory@40000000/name", "memory\0"sv).Folder("proc/device-tree/soc/uart@0");
  root.File("proc/device-tree/soc/ranges", "");
  const auto tree = FlattenDeviceTree(root.root(), kPath);
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(tree->Children("/"), ElementsAre("memory@40000000", "soc"));
  EXPECT_TRUE(tree->HasNode("/soc/uart@0"));
  EXPECT_EQ(tree->Property("/soc", "ranges")->size(), 0u);
  EXPECT_EQ(tree->Property("/memory@40000000", "name"), std::nullopt);
  EXPECT_THAT(tree->Strings("/", "compatible"), ElementsAre("acme,board"));
  EXPECT_THAT(*tree->Ranges("/memory@40000000", "reg"),
              ElementsAre(PhysRange::FromSize(PhysAddr(0x40000000), 0x1000).value()));
}

TEST(FlattenDeviceTree, GrowsWithTheTree) {
  ScratchRoot root;
  const std::string large(200000, 'x');
  for (const char* name : {"a", "b", "c"}) root.File(fmt::format("{}/node/{}", kPath, name), large);
  const auto tree = FlattenDeviceTree(root.root(), kPath);
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_EQ(tree->Property("/node", "c")->size(), large.size());
}

TEST(FlattenDeviceTree, FollowsNoLinks) {
  ScratchRoot root;
  root.File("secret", "text").File("proc/device-tree/compatible", "acme\0"sv).Folder("proc/device-tree/soc");
  const std::string directory = root.path() / kPath;
  ASSERT_EQ(symlink("../../secret", (directory + "/stolen").c_str()), 0);
  ASSERT_EQ(symlink("..", (directory + "/soc/loop").c_str()), 0);
  const auto tree = FlattenDeviceTree(root.root(), kPath);
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_EQ(tree->Property("/", "stolen"), std::nullopt);
  EXPECT_THAT(tree->Children("/"), ElementsAre("soc"));
  EXPECT_FALSE(tree->HasNode("/soc/loop"));
}

TEST(FlattenDeviceTree, SaysWhatIsMissingOrTooDeep) {
  ScratchRoot root;
  EXPECT_EQ(MessageOf(FlattenDeviceTree(root.root(), kPath)),
            fmt::format("cannot list '{}': No such file or directory", (root.path() / kPath).string()));
  std::string deep = kPath;
  for (int i = 0; i <= DeviceTree::kMaxDepth; ++i) deep += "/n";
  root.Folder(deep);
  EXPECT_EQ(MessageOf(FlattenDeviceTree(root.root(), kPath)),
            fmt::format("'{}': nodes are nested deeper than 64", deep));
}

}  // namespace
}  // namespace kexec::testing
