// SPDX-License-Identifier: GPL-2.0-or-later
// Trees and overlays as dtc -@ makes them, at random: ours is, node for node and byte for byte, what libfdt
// makes.
#include <gtest/gtest.h>
#include <libfdt.h>

#include <random>

#include "loaders/dtb/device_tree.h"
#include "tests/support/archive_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

class Maker {
 public:
  explicit Maker(uint32_t seed) : random_(seed) {}

  DeviceTree Base() {
    DeviceTree tree = DeviceTree::Empty();
    for (uint32_t i = 0; i < 3 + Upto(12); ++i) {
      const std::string above = paths_.empty() || Upto(3) == 0 ? "" : paths_[Upto(paths_.size())];
      paths_.push_back(fmt::format("{}/n{}{}", above, i, Upto(2) == 0 ? fmt::format("@{:x}", i) : ""));
      EXPECT_TRUE(tree.SetProperty(paths_.back(), "compatible", Value()));
      EXPECT_TRUE(
          tree.SetCells(paths_.back(), Upto(4) == 0 ? "linux,phandle" : "phandle", std::array{i * 3 + 1}));
      EXPECT_TRUE(tree.SetString("/__symbols__", fmt::format("label{}", i), paths_.back()));
    }
    return tree;
  }

  DeviceTree Overlay() {
    DeviceTree overlay = DeviceTree::Empty();
    std::vector<std::string> references(paths_.size());
    std::vector<std::string> own;  // nodes with numbers
    for (uint32_t i = 0; i < 1 + Upto(4); ++i) {
      const std::string fragment = fmt::format("/fragment@{}", i);
      const size_t target = Upto(paths_.size());
      if (Upto(2) == 0) {
        EXPECT_TRUE(overlay.SetString(fragment, "target-path", paths_[target]));
      } else {
        EXPECT_TRUE(overlay.SetCells(fragment, "target", std::array{0xffffffffu}));
        (references[target] += fragment + ":target:0") += '\0';
      }
      std::string node = fragment + "/__overlay__";
      EXPECT_TRUE(overlay.SetProperty(node, "compatible", Value()));
      for (uint32_t j = 0; j < Upto(5); ++j) {
        node = fmt::format("{}/{}{}@{:x}", Upto(2) == 0 ? node : fragment + "/__overlay__", "new", i, j);
        own.push_back(node);
        EXPECT_TRUE(overlay.SetCells(node, "phandle", std::array{static_cast<uint32_t>(own.size())}));
        EXPECT_TRUE(overlay.SetString("/__symbols__", fmt::format("own{}", own.size()), node));
        Refer(overlay, node, own, references);
      }
    }
    for (size_t i = 0; i < references.size(); ++i) {
      if (references[i].empty()) continue;
      EXPECT_TRUE(
          overlay.SetProperty("/__fixups__", fmt::format("label{}", i), Bytes(BytesOf(references[i]))));
    }
    return overlay;
  }

 private:
  uint32_t Upto(size_t limit) { return static_cast<uint32_t>(random_() % limit); }

  ByteVector Value() {
    ByteVector value(Upto(20));
    for (std::byte& b : value) b = static_cast<std::byte>(random_());
    return value;
  }

  // Cells that refer to the tree's nodes and to the overlay's own, and bytes between them that look like
  // either.
  void Refer(DeviceTree& overlay, const std::string& node, const std::vector<std::string>& own,
             std::vector<std::string>& references) {
    std::vector<uint32_t> cells;
    std::vector<uint32_t> offsets;
    for (uint32_t i = 0; i < Upto(6); ++i) {
      const auto offset = static_cast<uint32_t>(cells.size() * 4);
      cells.push_back(1 + Upto(own.size()));
      if (Upto(3) == 0) offsets.push_back(offset);
      if (Upto(3) != 0 || (!offsets.empty() && offsets.back() == offset)) continue;
      (references[Upto(references.size())] += fmt::format("{}:links:{}", node, offset)) += '\0';
    }
    EXPECT_TRUE(overlay.SetCells(node, "links", cells));
    if (!offsets.empty()) {
      EXPECT_TRUE(overlay.SetCells("/__local_fixups__" + node, "links", offsets));
    }
  }

  std::mt19937 random_;
  std::vector<std::string> paths_;
};

// What libfdt makes of them, read again and written as we write.
ByteVector ByLibfdt(Bytes base, ByteVector overlay) {
  ByteVector tree(base.size() + overlay.size() * 4 + 4096);
  EXPECT_EQ(fdt_open_into(base.data(), tree.data(), static_cast<int>(tree.size())), 0);
  EXPECT_EQ(fdt_overlay_apply(tree.data(), overlay.data()), 0);
  const auto read = DeviceTree::Parse(tree);
  EXPECT_EQ(MessageOf(read), "success");
  return read ? read->Packed() : ByteVector();
}

TEST(OverlayLikeLibfdt, IsAppliedToTheSameTree) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    Maker maker(seed);
    DeviceTree tree = maker.Base();
    const ByteVector base = tree.Packed();
    const ByteVector overlay = maker.Overlay().Packed();
    ASSERT_EQ(MessageOf(tree.ApplyOverlay(overlay)), "success") << seed;
    ASSERT_EQ(tree.Packed(), ByLibfdt(base, overlay)) << seed;
  }
}

// libfdt finds nothing wrong with what we write, and reads in it what it read before.
TEST(TreeLikeLibfdt, IsReadTheSame) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const ByteVector blob = Maker(seed).Base().Packed();
    ASSERT_EQ(fdt_check_full(blob.data(), blob.size()), 0) << seed;
    const int node = fdt_path_offset(blob.data(), "/__symbols__");
    ASSERT_GE(node, 0) << seed;
    const auto tree = DeviceTree::Parse(blob);
    ASSERT_EQ(MessageOf(tree), "success") << seed;
    int property = 0;
    fdt_for_each_property_offset(property, blob.data(), node) {
      const char* label = nullptr;
      const auto* path =
          static_cast<const char*>(fdt_getprop_by_offset(blob.data(), property, &label, nullptr));
      ASSERT_NE(path, nullptr);
      EXPECT_EQ(tree->Strings("/__symbols__", label), std::vector<std::string>{path});
      EXPECT_EQ(tree->HasNode(path), fdt_path_offset(blob.data(), path) >= 0);
    }
  }
}

}  // namespace
}  // namespace kexec::testing
