// SPDX-License-Identifier: GPL-2.0-or-later
// Overlays whose lists of references lie: each offset, sign and target that would reach outside a property,
// or into the lists themselves, is refused by name, and thousands of mutants neither crash nor change a tree
// they do not fit.
#include <gtest/gtest.h>

#include <random>

#include "loaders/dtb/device_tree.h"
#include "tests/support/archive_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

constexpr const char* kContents = "/fragment@0/__overlay__/spi@1";

DeviceTree Base() {
  DeviceTree tree = DeviceTree::Empty();
  EXPECT_TRUE(tree.SetCells("/soc/uart@9000000", "phandle", std::array{7u}));
  EXPECT_TRUE(tree.SetCells("/soc/spi@1", "phandle", std::array{9u}));
  EXPECT_TRUE(tree.SetString("/__symbols__", "uart0", "/soc/uart@9000000"));
  return tree;
}

// What dtc -@ makes of a fragment with a reference to a label of the tree and one to a node of its own.
DeviceTree Overlay() {
  DeviceTree overlay = DeviceTree::Empty();
  EXPECT_TRUE(overlay.SetString("/fragment@0", "target-path", "/soc"));
  EXPECT_TRUE(overlay.SetCells(kContents, "links", std::array{1u, 0xffffffffu, 1u}));
  EXPECT_TRUE(overlay.SetCells("/fragment@0/__overlay__/clock", "phandle", std::array{1u}));
  EXPECT_TRUE(
      overlay.SetCells("/__local_fixups__/fragment@0/__overlay__/spi@1", "links", std::array{0u, 8u}));
  EXPECT_TRUE(overlay.SetString("/__fixups__", "uart0", std::string(kContents) + ":links:4"));
  EXPECT_TRUE(overlay.SetString("/__symbols__", "clock0", "/fragment@0/__overlay__/clock"));
  return overlay;
}

std::string Applied(const DeviceTree& overlay) {
  DeviceTree tree = Base();
  const auto applied = tree.ApplyOverlay(overlay.Packed());
  if (!applied) {
    EXPECT_EQ(tree.Packed(), Base().Packed());
  }
  return MessageOf(applied);
}

std::string Damaged(const std::string& why) { return "it is damaged: " + why + "; make it anew with dtc -@"; }

TEST(OverlayDamage, IsNone) {
  DeviceTree tree = Base();
  ASSERT_EQ(MessageOf(tree.ApplyOverlay(Overlay().Packed())), "success");
  // 9 is the tree's largest number, 7 the uart's.
  EXPECT_EQ(tree.Number("/soc/clock", "phandle"), 10u);
  const auto links = tree.Property("/soc/spi@1", "links");
  ASSERT_EQ(links->size(), 12u);
  EXPECT_EQ(*ReadAt<Be<uint32_t>>(*links, 0), 10u);
  EXPECT_EQ(*ReadAt<Be<uint32_t>>(*links, 4), 7u);
  EXPECT_EQ(*ReadAt<Be<uint32_t>>(*links, 8), 10u);
  EXPECT_EQ(tree.Strings("/__symbols__", "clock0"), std::vector<std::string>{"/soc/clock"});
}

TEST(OverlayDamage, OfOwnReferencesIsRefused) {
  const std::string list = "/__local_fixups__/fragment@0/__overlay__/spi@1";
  for (const uint32_t offset : {9u, 12u, 13u, 0x7fffffffu, 0xfffffffcu, 0xffffffffu}) {
    DeviceTree overlay = Overlay();
    ASSERT_TRUE(overlay.SetCells(list, "links", std::array{0u, offset}));
    EXPECT_EQ(Applied(overlay),
              Damaged(fmt::format("it has a reference at byte {} of 'links' in '{}', which has 12 bytes",
                                  offset, kContents)));
  }
  DeviceTree overlay = Overlay();
  ASSERT_TRUE(overlay.SetProperty(list, "links", Bytes(BytesOf("12345"))));
  EXPECT_EQ(Applied(overlay), Damaged("'links' of '" + list + "' has 5 bytes, no multiple of 4"));
  overlay = Overlay();
  ASSERT_TRUE(overlay.SetCells(list, "more", std::array{0u}));
  EXPECT_EQ(Applied(overlay),
            Damaged(fmt::format("it has a reference in the property 'more' of '{}', and there is none",
                                kContents)));
  overlay = Overlay();
  ASSERT_TRUE(overlay.AddNode("/__local_fixups__/fragment@7"));
  EXPECT_EQ(Applied(overlay), Damaged("it has references in 'fragment@7' of '/', and there is no such node"));
}

TEST(OverlayDamage, OfLabelReferencesIsRefused) {
  const auto applied = [](const std::string& reference) {
    DeviceTree overlay = Overlay();
    EXPECT_TRUE(overlay.SetString("/__fixups__", "uart0", reference));
    return Applied(overlay);
  };
  const std::string links = std::string(kContents) + ":links:";
  for (const char* offset : {"9", "12", "4294967292", "4294967295"}) {
    EXPECT_EQ(applied(links + offset),
              Damaged(fmt::format("it has a reference at byte {} of 'links' in '{}', which has "
                                  "12 bytes",
                                  offset, kContents)));
  }
  for (const char* offset : {"-4", "+4", " 4", "4 ", "0x4", "4294967296", "18446744073709551612", ""}) {
    EXPECT_EQ(
        applied(links + offset),
        Damaged(fmt::format("it uses the label 'uart0' at '{}{}', which is not written PATH:PROPERTY:OFFSET",
                            links, offset)));
  }
  for (const char* text : {"", ":", "::", "fragment@0:target:0", "/fragment@0"}) {
    EXPECT_EQ(applied(text),
              Damaged(fmt::format(
                  "it uses the label 'uart0' at '{}', which is not written PATH:PROPERTY:OFFSET", text)));
  }
  EXPECT_EQ(applied("/gone:links:0"),
            Damaged("it has a reference in the property 'links' of '/gone', and there is none"));
}

// They would change the lists of references while these are read.
TEST(OverlayDamage, AimedAtTheListsIsRefused) {
  const std::string list = "/__local_fixups__/fragment@0/__overlay__/spi@1";
  const auto message = [](const std::string& path) {
    return Damaged(fmt::format("it has a reference in '{}', which only describes the overlay", path));
  };
  for (const auto& [path, property, described] :
       {std::array<std::string, 3>{"/__fixups__", "uart0", "/__fixups__"},
        std::array<std::string, 3>{"/__symbols__", "clock0", "/__symbols__"},
        std::array<std::string, 3>{list, "links", "/__local_fixups__"}}) {
    DeviceTree overlay = Overlay();
    ASSERT_TRUE(overlay.SetString("/__fixups__", "uart0", fmt::format("{}:{}:0", path, property)));
    EXPECT_EQ(Applied(overlay), message(described));
    overlay = Overlay();
    ASSERT_TRUE(overlay.SetCells("/__local_fixups__" + path, property, std::array{0u}));
    EXPECT_EQ(Applied(overlay), message(described));
  }
}

TEST(OverlayDamage, OfNumbersIsRefused) {
  DeviceTree overlay = Overlay();
  ASSERT_TRUE(overlay.SetCells("/fragment@0/__overlay__/clock", "phandle", std::array{0xfffffff6u}));
  EXPECT_EQ(Applied(overlay),
            "'/fragment@0/__overlay__/clock' has the number (phandle) 0xfffffff6, and the tree has "
            "numbers up to 0x9: there are too few for both");
  ASSERT_TRUE(overlay.SetCells("/fragment@0/__overlay__/clock", "phandle", std::array{1u, 2u}));
  EXPECT_EQ(Applied(overlay),
            Damaged("'phandle' of '/fragment@0/__overlay__/clock' has 8 bytes, it must have 4"));
}

// Bytes, 32-bit words and numbers in texts; the same ones in every run.
ByteVector Mutant(ByteVector blob, std::mt19937& random) {
  constexpr std::array<uint32_t, 8> kWords = {0, 1, 4, 12, 0x7fffffff, 0xfffffff8, 0xfffffffc, 0xffffffff};
  const uint32_t changes = 1 + random() % 4;
  for (uint32_t i = 0; i < changes; ++i) {
    const size_t at = random() % (blob.size() - 4);
    if (random() % 2 == 0) {
      const Be<uint32_t> word(kWords[random() % kWords.size()]);
      std::ranges::copy(std::as_bytes(std::span(&word, 1)),
                        blob.begin() + static_cast<ptrdiff_t>(at & ~size_t{3}));
    } else {
      blob[at] = static_cast<std::byte>(random());
    }
  }
  return blob;
}

// ASan watches each access: trees are read and written by code of this build alone.
TEST(OverlayDamage, ByMutationIsTakenOrRefusedWhole) {
  std::mt19937 random(14);
  const ByteVector overlay = Overlay().Packed();
  const ByteVector before = Base().Packed();
  size_t taken = 0;
  for (int i = 0; i < 10000; ++i) {
    DeviceTree tree = Base();
    if (tree.ApplyOverlay(Mutant(overlay, random)).has_value()) {
      ++taken;
      const auto again = DeviceTree::Parse(tree.Packed());
      ASSERT_EQ(MessageOf(again), "success") << i;
      ASSERT_EQ(again->Packed(), tree.Packed()) << i;
    } else {
      ASSERT_EQ(tree.Packed(), before) << i;
    }
  }
  EXPECT_GT(taken, 500u);  // the mutants are not all caught at the door
  EXPECT_LT(taken, 9000u);
}

TEST(OverlayDamage, OfTheTreeBelowIsTakenOrRefusedWhole) {
  std::mt19937 random(41);
  const ByteVector base = Base().Packed();
  const ByteVector overlay = Overlay().Packed();
  size_t read = 0;
  for (int i = 0; i < 10000; ++i) {
    auto tree = DeviceTree::Parse(Mutant(base, random));
    if (!tree) continue;
    ++read;
    const ByteVector before = tree->Packed();
    if (!tree->ApplyOverlay(overlay).has_value()) {
      ASSERT_EQ(tree->Packed(), before) << i;
    }
  }
  EXPECT_GT(read, 1000u);
}

}  // namespace
}  // namespace kexec::testing
