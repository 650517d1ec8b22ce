// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/dtb/device_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libfdt.h>

#include <cstring>
#include <numeric>

#include "tests/support/archive_builder.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PhysRange Range(uint64_t begin, uint64_t size) { return PhysRange::FromSize(PhysAddr(begin), size).value(); }

// What a small machine's firmware hands over.
DeviceTree SmallTree() {
  DeviceTree tree = DeviceTree::Empty();
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", std::array{2u}));
  EXPECT_TRUE(tree.SetCells("/", "#size-cells", std::array{2u}));
  EXPECT_TRUE(
      tree.SetProperty("/", "compatible", Bytes(BytesOf(std::string_view("acme,board\0acme,soc\0", 20)))));
  EXPECT_TRUE(tree.SetString("/chosen", "bootargs", "console=ttyAMA0"));
  EXPECT_TRUE(tree.SetU64("/chosen", "kaslr-seed", 0x123456789abcdef0));
  EXPECT_TRUE(tree.SetCells("/memory@40000000", "reg", std::array{0u, 0x40000000u, 1u, 0u}));
  EXPECT_TRUE(tree.AddNode("/soc/uart@9000000"));
  return tree;
}

DeviceTree Parsed(Bytes blob) {
  auto tree = DeviceTree::Parse(blob);
  EXPECT_EQ(MessageOf(tree), "success");
  return tree.has_value() ? *std::move(tree) : DeviceTree::Empty();
}

std::string Damaged(std::string_view why) {
  return fmt::format("the device tree is damaged: {}; copy the file again, or make it anew with dtc", why);
}

TEST(DeviceTree, IsReadAsItWasWritten) {
  const DeviceTree tree = Parsed(SmallTree().Packed());
  EXPECT_TRUE(tree.HasNode("/soc/uart@9000000"));
  EXPECT_FALSE(tree.HasNode("/soc/uart@9000001"));
  EXPECT_THAT(tree.Children("/"), ElementsAre("soc", "memory@40000000", "chosen"));
  EXPECT_THAT(tree.Children("/nothing"), IsEmpty());
  EXPECT_THAT(tree.Strings("/", "compatible"), ElementsAre("acme,board", "acme,soc"));
  EXPECT_THAT(tree.Strings("/chosen", "bootargs"), ElementsAre("console=ttyAMA0"));
  EXPECT_EQ(tree.Number("/chosen", "kaslr-seed"), 0x123456789abcdef0u);
  EXPECT_EQ(tree.Number("/", "#size-cells"), 2u);
  EXPECT_EQ(tree.Number("/chosen", "bootargs"), std::nullopt);
  EXPECT_EQ(tree.Number("/chosen", "nothing"), std::nullopt);
  EXPECT_EQ(tree.Property("/nothing", "reg"), std::nullopt);
  EXPECT_EQ(tree.Property("/chosen", "bootargs")->size(), 16u);
}

TEST(DeviceTree, FollowsAnAliasOnce) {
  DeviceTree tree = SmallTree();
  ASSERT_TRUE(tree.SetString("/aliases", "serial0", "/soc/uart@9000000"));
  ASSERT_TRUE(tree.SetString("/aliases", "soc", "/soc"));
  ASSERT_TRUE(tree.SetString("/aliases", "loop", "loop"));
  EXPECT_TRUE(tree.HasNode("serial0"));
  EXPECT_TRUE(tree.HasNode("soc/uart"));
  EXPECT_FALSE(tree.HasNode("loop"));
  EXPECT_FALSE(tree.HasNode("nothing"));
  EXPECT_FALSE(tree.HasNode(""));
}

TEST(DeviceTree, ReplacesAndDeletes) {
  DeviceTree tree = SmallTree();
  EXPECT_TRUE(tree.SetString("/chosen", "bootargs", ""));
  EXPECT_THAT(tree.Strings("/chosen", "bootargs"), ElementsAre(""));
  tree.DeleteProperty("/chosen", "bootargs");
  tree.DeleteProperty("/chosen", "bootargs");  // nothing to do
  EXPECT_EQ(tree.Property("/chosen", "bootargs"), std::nullopt);
  EXPECT_EQ(tree.Number("/chosen", "kaslr-seed"), 0x123456789abcdef0u);
}

TEST(DeviceTree, GrowsAsItIsNeeded) {
  DeviceTree tree = SmallTree();
  const ByteVector large(1 << 20, std::byte{7});
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(tree.SetProperty("/chosen", name, large));
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(tree.AddNode(fmt::format("/soc/device@{:x}", i)));
  const DeviceTree again = Parsed(tree.Packed());
  EXPECT_TRUE(std::ranges::equal(again.Property("/chosen", "b").value(), large));
  EXPECT_EQ(again.Children("/soc").size(), 301u);
  EXPECT_THAT(again.Strings("/chosen", "bootargs"), ElementsAre("console=ttyAMA0"));
}

TEST(DeviceTree, EndsGrowingAtItsLimit) {
  DeviceTree tree = SmallTree();
  const ByteVector large(DeviceTree::kMaxBytes);
  EXPECT_EQ(
      MessageOf(tree.SetProperty("/chosen", "blob", large)),
      "device tree: '/chosen': 'blob': the device tree grows beyond 0x400000 bytes, and kernels take no more "
      "than half of that");
  EXPECT_EQ(MessageOf(tree.SetProperty("/chosen", "blob", ByteVector(DeviceTree::kMaxBytes + 1))),
            "device tree: '/chosen': 'blob' of 0x400001 bytes; the limit is 0x400000");
  EXPECT_THAT(tree.Strings("/chosen", "bootargs"), ElementsAre("console=ttyAMA0"));
}

TEST(DeviceTree, TakesAValueOfItsOwn) {
  DeviceTree tree = SmallTree();
  EXPECT_TRUE(tree.SetProperty("/a", "copy", tree.Property("/chosen", "bootargs").value()));
  EXPECT_THAT(tree.Strings("/a", "copy"), ElementsAre("console=ttyAMA0"));
}

TEST(DeviceTree, RefusesPathsThatAreNone) {
  DeviceTree tree = SmallTree();
  EXPECT_EQ(MessageOf(tree.AddNode("chosen2")), "device tree: 'chosen2' is no path of a node");
  EXPECT_EQ(MessageOf(tree.AddNode("")), "device tree: '' is no path of a node");
  EXPECT_EQ(MessageOf(tree.AddNode("/a/")), "device tree: '/a/' is no path of a node");
  std::string deep;
  for (int i = 0; i <= DeviceTree::kMaxDepth; ++i) deep += "/n";
  EXPECT_EQ(MessageOf(tree.AddNode(deep)), "device tree: '" + deep + "' is nested deeper than 64");
}

TEST(DeviceTree, ReadsRangesByTheCellsAboveThem) {
  DeviceTree tree = SmallTree();
  const auto ranges = tree.Ranges("/memory@40000000", "reg");
  ASSERT_EQ(MessageOf(ranges), "success");
  EXPECT_THAT(*ranges, ElementsAre(Range(0x40000000, 0x100000000)));
  EXPECT_THAT(*tree.Ranges("/memory@40000000", "nothing"), IsEmpty());
  // One cell each below a node that says so; an empty entry is left out.
  EXPECT_TRUE(tree.SetCells("/soc", "#address-cells", std::array{1u}));
  EXPECT_TRUE(tree.SetCells("/soc", "#size-cells", std::array{1u}));
  EXPECT_TRUE(tree.SetCells("/soc/uart@9000000", "reg", std::array{0x9000000u, 0x1000u, 0x9100000u, 0u}));
  EXPECT_THAT(*tree.Ranges("/soc/uart@9000000", "reg"), ElementsAre(Range(0x9000000, 0x1000)));
}

TEST(DeviceTree, RefusesRangesThatAreNone) {
  DeviceTree tree = SmallTree();
  const auto ranges = [&](std::vector<uint32_t> cells) {
    EXPECT_TRUE(tree.SetCells("/memory@40000000", "reg", cells));
    return MessageOf(tree.Ranges("/memory@40000000", "reg"));
  };
  const std::string where = "device tree: '/memory@40000000': 'reg': ";
  EXPECT_EQ(ranges({1, 2, 3}),
            where + "12 bytes are no multiple of 16: 2 cells for an address, 2 for a size");
  EXPECT_EQ(ranges({0xffffffff, 0, 1, 0}),
            where + "0x100000000 bytes at 0xffffffff00000000 reach beyond 2^64");
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", std::array{3u}));
  EXPECT_EQ(ranges({1, 2, 3}), where + "#address-cells of '/' is 3; at most 2 are understood");
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", std::array{0u}));
  EXPECT_EQ(ranges({1, 2, 3}), where + "#address-cells of '/' is 0: what lies below it has no addresses");
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", std::array{2u, 2u}));
  EXPECT_EQ(ranges({1, 2, 3}), where + "#address-cells of '/' has 8 bytes, it must have 4");
}

TEST(DeviceTree, EncodesRangesForWhatReadsThem) {
  DeviceTree tree = SmallTree();
  const std::vector<PhysRange> ranges = {Range(0x40000000, 0x1000), Range(0x880000000, 0x10000000)};
  const auto encoded = tree.EncodeRanges("/", ranges);
  ASSERT_EQ(MessageOf(encoded), "success");
  EXPECT_EQ(encoded->size(), 32u);
  EXPECT_TRUE(tree.SetProperty("/chosen", "linux,usable-memory-range", *encoded));
  EXPECT_EQ(*tree.Ranges("/chosen", "linux,usable-memory-range"), ranges);
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", std::array{1u}));
  EXPECT_EQ(MessageOf(tree.EncodeRanges("/", ranges)),
            "device tree: '/': 0x880000000 does not fit 1 cells of 32 bits");
  EXPECT_EQ(MessageOf(tree.EncodeRanges("/nothing", ranges)),
            "device tree: '/nothing': there is no such node");
}

TEST(DeviceTree, KeepsReservations) {
  DeviceTree tree = SmallTree();
  EXPECT_THAT(tree.Reservations(), IsEmpty());
  for (uint64_t i = 0; i < 400; ++i) EXPECT_TRUE(tree.AddReservation(Range(0x1000000 + i * 0x10000, 0x1000)));
  const auto second = [](const PhysRange& range) { return range == Range(0x1010000, 0x1000); };
  EXPECT_EQ(tree.RemoveReservations(second), 1u);
  EXPECT_EQ(tree.RemoveReservations(second), 0u);
  const std::vector<PhysRange> kept = Parsed(tree.Packed()).Reservations();
  ASSERT_EQ(kept.size(), 399u);
  EXPECT_EQ(kept[0], Range(0x1000000, 0x1000));
  EXPECT_EQ(kept[1], Range(0x1020000, 0x1000));
}

TEST(DeviceTree, RefusesWhatIsNoTree) {
  const ByteVector blob = SmallTree().Packed();
  const auto refusal = [](Bytes bytes) { return MessageOf(DeviceTree::Parse(bytes)); };
  EXPECT_EQ(refusal({}), "this is no device tree");
  EXPECT_EQ(refusal(BytesOf("/dts-v1/; / { };")), "this is no device tree");
  EXPECT_EQ(refusal(Cut(blob, 7)), "the device tree ends inside its header; copy the file again");
  EXPECT_EQ(
      refusal(Cut(blob, blob.size() - 1)),
      fmt::format("the device tree is cut short: its header says {:#x} bytes, {:#x} are there; copy the "
                  "file again",
                  blob.size(), blob.size() - 1));
  ByteVector bad = blob;
  fdt_set_off_dt_strings(bad.data(), 0xfffffff0);
  EXPECT_EQ(refusal(bad), Damaged("its strings block lies outside it"));
  ByteVector old = blob;
  fdt_set_version(old.data(), 16);
  EXPECT_EQ(refusal(old),
            "a device tree of version 16, and version 17 can be read; make it anew with dtc -V 17");
  EXPECT_EQ(refusal(BytesOf(std::string_view("\xd0\x0d\xfe\xed\0\0\0\x08", 8))),
            "the device tree ends inside its header; copy the file again");
  ByteVector large(DeviceTree::kMaxBytes + 4);
  std::ranges::copy(blob, large.begin());
  fdt_set_totalsize(large.data(), static_cast<uint32_t>(large.size()));
  EXPECT_EQ(
      refusal(large),
      "a device tree of 0x400004 bytes; at most 0x400000 are read, and kernels take no more than half of "
      "that: make it smaller");
}

// Lengths that make libfdt 1.6.1 step back: by nothing, onto the property itself, and beyond the blob.
TEST(DeviceTree, RefusesPropertiesWithoutEnd) {
  const DeviceTree tree = SmallTree();
  const ByteVector blob = tree.Packed();
  const Bytes value = *tree.Property("/chosen", "bootargs");
  const auto found = std::ranges::search(blob, value);
  const size_t length_at = static_cast<size_t>(found.begin() - blob.begin()) - 8;
  for (const uint32_t length : {0xffffffffu, 0xfffffff8u, 0xfffffff4u, 0x7fffffffu, 0x10000u}) {
    ByteVector bad = blob;
    const Be<uint32_t> stored(length);
    std::memcpy(bad.data() + length_at, &stored, sizeof(stored));
    EXPECT_EQ(MessageOf(DeviceTree::Parse(bad)),
              Damaged(fmt::format("its structure block ends, or makes no sense, at {:#x}",
                                  length_at - 4 - static_cast<uint32_t>(*ReadAt<Be<uint32_t>>(blob, 8)))));
  }
  ByteVector outside = blob;
  fdt_set_off_dt_struct(outside.data(), 0xfffffff0);
  EXPECT_EQ(MessageOf(DeviceTree::Parse(outside)), Damaged("its structure block lies outside it"));
}

TEST(DeviceTree, RefusesNodesThatNoPathNames) {
  const auto named = [](const char* name) {
    ByteVector blob(4096);
    EXPECT_EQ(fdt_create(blob.data(), static_cast<int>(blob.size())), 0);
    EXPECT_EQ(fdt_finish_reservemap(blob.data()), 0);
    EXPECT_EQ(fdt_begin_node(blob.data(), ""), 0);
    EXPECT_EQ(fdt_begin_node(blob.data(), name), 0);
    EXPECT_EQ(fdt_end_node(blob.data()), 0);
    EXPECT_EQ(fdt_end_node(blob.data()), 0);
    EXPECT_EQ(fdt_finish(blob.data()), 0);
    return MessageOf(DeviceTree::Parse(blob));
  };
  EXPECT_EQ(named("a"), "success");
  EXPECT_EQ(named(""), Damaged("there is a node without a name"));
  EXPECT_EQ(named("a/b"), Damaged("the name of a node has a '/': 'a/b'"));
}

// A tree of one node with properties whose names begin at these places of the strings block.
ByteVector WithNames(const std::string& strings, const std::vector<uint32_t>& places) {
  ByteVector blob = DeviceTree::Empty().Packed();
  const auto put = [&](uint32_t number) {
    const Be<uint32_t> stored(number);
    blob = blob + ByteVector(std::as_bytes(std::span(&stored, 1)).begin(),
                             std::as_bytes(std::span(&stored, 1)).end());
  };
  constexpr uint32_t kStructure = 40 + 16;  // behind the header and the end of the reservations
  blob.resize(kStructure + 8);              // the root's beginning
  for (const uint32_t place : places) {
    for (const uint32_t number : {3u, 0u, place}) put(number);
  }
  put(2);
  put(9);
  const auto end = static_cast<uint32_t>(blob.size());
  blob = blob + BytesOf(strings);
  fdt_set_size_dt_struct(blob.data(), end - kStructure);
  fdt_set_off_dt_strings(blob.data(), end);
  fdt_set_size_dt_strings(blob.data(), static_cast<uint32_t>(strings.size()));
  fdt_set_totalsize(blob.data(), static_cast<uint32_t>(blob.size()));
  return blob;
}

TEST(DeviceTree, RefusesNamesWithoutEnd) {
  const std::string longest(TreeNodes::kMaxName, 'x');
  const auto parsed = DeviceTree::Parse(WithNames(longest + '\0', {0, 100}));
  ASSERT_EQ(MessageOf(parsed), "success");
  EXPECT_TRUE(parsed->Property("/", longest));
  EXPECT_TRUE(parsed->Property("/", longest.substr(100)));
  const auto refusal = [](const std::string& strings, uint32_t place) {
    return MessageOf(DeviceTree::Parse(WithNames(strings, {place})));
  };
  EXPECT_EQ(refusal(longest + "x\0", 0),
            Damaged("the name of a property has more than 255 bytes: '" + longest.substr(0, 40) + "...'"));
  EXPECT_EQ(refusal(longest, 0),
            Damaged("the name of a property, at 0x0, lies outside its strings block of 0xff bytes"));
  EXPECT_EQ(refusal(longest, 0xfffffff0),
            Damaged("the name of a property, at 0xfffffff0, lies outside its strings block of 0xff bytes"));
}

// Names that share their bytes would be far more than the blob that has them.
TEST(DeviceTree, RefusesNamesThatUnfoldBeyondItsLimit) {
  std::string strings;
  for (int i = 0; strings.size() < 40000; ++i) strings += std::string(250, 'a') + std::to_string(i) + '\0';
  std::vector<uint32_t> places(40000);
  std::iota(places.begin(), places.end(), 0u);
  EXPECT_EQ(MessageOf(DeviceTree::Parse(WithNames(strings, places))),
            "the device tree grows beyond 0x400000 bytes, and kernels take no more than half of that");
}

TEST(DeviceTree, RefusesNestingWithoutEnd) {
  ByteVector blob(1 << 16);
  const int size = static_cast<int>(blob.size());
  ASSERT_EQ(fdt_create(blob.data(), size), 0);
  ASSERT_EQ(fdt_finish_reservemap(blob.data()), 0);
  ASSERT_EQ(fdt_begin_node(blob.data(), ""), 0);
  for (int i = 0; i <= DeviceTree::kMaxDepth; ++i) ASSERT_EQ(fdt_begin_node(blob.data(), "n"), 0);
  for (int i = 0; i <= DeviceTree::kMaxDepth; ++i) ASSERT_EQ(fdt_end_node(blob.data()), 0);
  ASSERT_EQ(fdt_end_node(blob.data()), 0);
  ASSERT_EQ(fdt_finish(blob.data()), 0);
  EXPECT_EQ(MessageOf(DeviceTree::Parse(blob)), Damaged("nodes are nested deeper than 64"));
}

TEST(DeviceTree, ParsesNoPrefix) {
  const ByteVector blob = SmallTree().Packed();
  for (size_t size = 0; size < blob.size(); ++size) {
    EXPECT_FALSE(DeviceTree::Parse(Cut(blob, size)).has_value()) << size;
  }
  EXPECT_EQ(Parsed(blob + BytesOf("behind")).Packed(), blob);
}

}  // namespace
}  // namespace kexec::testing
