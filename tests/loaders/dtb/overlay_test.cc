// SPDX-License-Identifier: GPL-2.0-or-later
// Overlays on device trees: applied, or refused with the fragment and what it wants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/dtb/device_tree.h"
#include "tests/support/archive_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

// With a label, as dtc -@ makes it.
DeviceTree Base() {
  DeviceTree tree = DeviceTree::Empty();
  EXPECT_TRUE(tree.SetString("/soc/uart@9000000", "status", "disabled"));
  EXPECT_TRUE(tree.SetCells("/soc/uart@9000000", "phandle", std::array{1u}));
  EXPECT_TRUE(tree.SetString("/__symbols__", "uart0", "/soc/uart@9000000"));
  return tree;
}

DeviceTree ForLabel(const std::string& label) {
  DeviceTree overlay = DeviceTree::Empty();
  EXPECT_TRUE(overlay.SetCells("/fragment@0", "target", std::array{0xffffffffu}));
  EXPECT_TRUE(overlay.SetString("/fragment@0/__overlay__", "status", "okay"));
  EXPECT_TRUE(overlay.SetString("/__fixups__", label, "/fragment@0:target:0"));
  return overlay;
}

DeviceTree ForPath(const std::string& path, const std::string& node = "") {
  DeviceTree overlay = DeviceTree::Empty();
  EXPECT_TRUE(overlay.SetString("/fragment@0", "target-path", path));
  EXPECT_TRUE(overlay.SetString("/fragment@0/__overlay__" + node, "status", "okay"));
  return overlay;
}

TEST(Overlay, ChangesTheNodeItsLabelNames) {
  DeviceTree tree = Base();
  ASSERT_EQ(MessageOf(tree.ApplyOverlay(ForLabel("uart0").Packed())), "success");
  EXPECT_THAT(tree.Strings("/soc/uart@9000000", "status"), ElementsAre("okay"));
}

TEST(Overlay, AddsNodesBelowAPath) {
  DeviceTree tree = Base();
  ASSERT_EQ(MessageOf(tree.ApplyOverlay(ForPath("/soc", "/spi@1").Packed())), "success");
  ASSERT_EQ(MessageOf(tree.ApplyOverlay(ForPath("/soc/spi@1", "/flash@0").Packed())), "success");
  EXPECT_THAT(tree.Strings("/soc/spi@1/flash@0", "status"), ElementsAre("okay"));
  EXPECT_THAT(tree.Strings("/soc/uart@9000000", "status"), ElementsAre("disabled"));
}

// Others in the tree refer to the node by its number; the overlay's references follow.
TEST(Overlay, LeavesANodeItsNumber) {
  DeviceTree tree = Base();
  DeviceTree overlay = ForPath("/soc", "/uart@9000000");
  ASSERT_TRUE(overlay.SetCells("/fragment@0/__overlay__/uart@9000000", "phandle", std::array{5u}));
  ASSERT_TRUE(overlay.SetCells("/fragment@0/__overlay__/spi@1", "link", std::array{5u}));
  ASSERT_TRUE(overlay.SetCells("/__local_fixups__/fragment@0/__overlay__/spi@1", "link", std::array{0u}));
  ASSERT_EQ(MessageOf(tree.ApplyOverlay(overlay.Packed())), "success");
  EXPECT_EQ(tree.Number("/soc/uart@9000000", "phandle"), 1u);
  EXPECT_EQ(tree.Number("/soc/spi@1", "link"), 1u);
}

// What a fragment adds, a later one may name.
TEST(Overlay, AddsToWhatItAdded) {
  DeviceTree tree = Base();
  DeviceTree overlay = ForPath("/soc", "/spi@1");
  ASSERT_TRUE(overlay.SetString("/fragment@1", "target-path", "/soc/spi@1"));
  ASSERT_TRUE(overlay.SetString("/fragment@1/__overlay__/flash@0", "status", "okay"));
  ByteVector blob = overlay.Packed();  // with fragment@1 first, as new nodes are
  EXPECT_EQ(MessageOf(tree.ApplyOverlay(blob)), "'fragment@1' is for '/soc/spi@1', which the tree lacks");
  DeviceTree ordered = DeviceTree::Empty();
  ASSERT_TRUE(ordered.SetString("/fragment@1/__overlay__/flash@0", "status", "okay"));
  ASSERT_TRUE(ordered.SetString("/fragment@1", "target-path", "/soc/spi@1"));
  ASSERT_TRUE(ordered.SetString("/fragment@0/__overlay__/spi@1", "status", "okay"));
  ASSERT_TRUE(ordered.SetString("/fragment@0", "target-path", "/soc"));
  ASSERT_EQ(MessageOf(tree.ApplyOverlay(ordered.Packed())), "success");
  EXPECT_THAT(tree.Strings("/soc/spi@1/flash@0", "status"), ElementsAre("okay"));
}

TEST(Overlay, MayBeLargerThanTheRoomInTheTree) {
  DeviceTree tree = Base();
  DeviceTree overlay = ForPath("/soc");
  const ByteVector large(100000, std::byte{9});
  ASSERT_TRUE(overlay.SetProperty("/fragment@0/__overlay__/rom", "data", large));
  ASSERT_EQ(MessageOf(tree.ApplyOverlay(overlay.Packed())), "success");
  EXPECT_TRUE(std::ranges::equal(tree.Property("/soc/rom", "data").value(), large));
}

TEST(Overlay, ThatFailsChangesNothing) {
  DeviceTree tree = Base();
  const ByteVector before = tree.Packed();
  const auto refusal = [&](const DeviceTree& overlay) {
    const auto applied = tree.ApplyOverlay(overlay.Packed());
    EXPECT_EQ(tree.Packed(), before);
    return MessageOf(applied);
  };
  EXPECT_EQ(refusal(ForLabel("uart1")), "it wants the label 'uart1', which the tree lacks");
  EXPECT_EQ(refusal(ForPath("/soc/i2c@1")), "'fragment@0' is for '/soc/i2c@1', which the tree lacks");
  EXPECT_EQ(refusal(Base()), "it is a device tree, but no overlay: there is no fragment in it");
  DeviceTree aimless = DeviceTree::Empty();
  ASSERT_TRUE(aimless.AddNode("/fragment@0/__overlay__"));
  EXPECT_EQ(refusal(aimless), "'fragment@0' names no target, neither by label nor by path");
  // The first fragment would succeed.
  DeviceTree second = ForPath("/soc");
  ASSERT_TRUE(second.SetCells("/fragment@1", "target", std::array{99u}));
  ASSERT_TRUE(second.AddNode("/fragment@1/__overlay__"));
  EXPECT_EQ(refusal(second),
            "'fragment@1' is for the node with the number (phandle) 0x63, which the tree lacks");
  DeviceTree garbled = ForLabel("uart0");
  ASSERT_TRUE(garbled.SetString("/__fixups__", "uart0", "fragment@0"));
  EXPECT_EQ(refusal(garbled),
            "it is damaged: it uses the label 'uart0' at 'fragment@0', which is not written "
            "PATH:PROPERTY:OFFSET; make it "
            "anew with dtc -@");
  EXPECT_EQ(MessageOf(tree.ApplyOverlay(BytesOf("text"))), "this is no device tree");
}

TEST(Overlay, WithLabelsNeedsATreeWithLabels) {
  DeviceTree tree = DeviceTree::Empty();
  EXPECT_EQ(MessageOf(tree.ApplyOverlay(ForLabel("uart0").Packed())),
            "it wants the label 'uart0', and the tree has no labels: it must be made with dtc -@");
  ASSERT_TRUE(tree.SetString("/__symbols__", "uart0", "/gone"));
  EXPECT_EQ(MessageOf(tree.ApplyOverlay(ForLabel("uart0").Packed())),
            "the tree's label 'uart0' names '/gone', which is not there");
}

}  // namespace
}  // namespace kexec::testing
