// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a device tree and as an overlay: of one tree with labels, of an empty one and of itself. A
// tree that is taken can be read to its last node, changed and packed, and is the same when it is read again;
// an overlay that does not fit leaves it as it was. No other library reads or writes the trees, so ASan sees
// every access.
#include <algorithm>
#include <string>

#include "loaders/dtb/device_tree.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::DeviceTree;
using kexec::testing::Require;

size_t CountNodes(const DeviceTree& tree, const std::string& path, int depth) {
  Require(depth <= DeviceTree::kMaxDepth);
  size_t nodes = 1;
  for (const char* name : {"compatible", "reg", "linux,initrd-start"}) {
    tree.Number(path, name);
    for (const std::string& text : tree.Strings(path, name)) Require(text.find('\0') == std::string::npos);
    const auto ranges = tree.Ranges(path, name);
    Require(ranges.has_value() || !ranges.error().message().empty());
  }
  for (const std::string& child : tree.Children(path)) {
    nodes += CountNodes(tree, path == "/" ? "/" + child : path + "/" + child, depth + 1);
  }
  return nodes;
}

void CheckSame(const DeviceTree& tree) {
  const auto packed = tree.Packed();
  const auto again = DeviceTree::Parse(packed);
  Require(again.has_value() && again->Packed() == packed);
  Require(std::ranges::equal(again->Reservations(), tree.Reservations()));
}

// What a load does to it.
void CheckChanges(DeviceTree tree) {
  const kexec::PhysRange range = *kexec::PhysRange::FromSize(kexec::PhysAddr(0x12340000), 0x10000);
  if (!tree.SetString("/chosen", "bootargs", "console=ttyAMA0").has_value()) return;
  Require(tree.Strings("/chosen", "bootargs") == std::vector<std::string>{"console=ttyAMA0"});
  if (!tree.SetU64("/chosen", "linux,initrd-start", 0x48000000).has_value()) return;
  Require(tree.Number("/chosen", "linux,initrd-start") == 0x48000000);
  if (!tree.AddReservation(range).has_value()) return;
  Require(std::ranges::count(tree.Reservations(), range) > 0);
  Require(tree.RemoveReservations([&](const kexec::PhysRange& other) { return other == range; }) > 0);
  CheckSame(tree);
}

void CheckOverlay(DeviceTree tree, kexec::Bytes overlay) {
  const auto before = tree.Packed();
  if (tree.ApplyOverlay(overlay).has_value()) {
    CheckSame(tree);
  } else {
    Require(tree.Packed() == before);
  }
}

// With what the overlays of the corpus ask for.
DeviceTree WithLabels() {
  DeviceTree tree = DeviceTree::Empty();
  const uint32_t phandle = 7;
  Require(tree.SetCells("/soc/uart@9000000", "phandle", std::span(&phandle, 1)).has_value());
  Require(tree.SetString("/__symbols__", "uart0", "/soc/uart@9000000").has_value());
  return tree;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kexec::Bytes bytes = std::as_bytes(std::span(data, size));
  CheckOverlay(DeviceTree::Empty(), bytes);
  CheckOverlay(WithLabels(), bytes);
  const auto tree = DeviceTree::Parse(bytes);
  if (!tree.has_value()) {
    Require(!tree.error().message().empty());
    return 0;
  }
  Require(CountNodes(*tree, "/", 0) > 0);
  CheckSame(*tree);
  CheckChanges(*tree);
  CheckOverlay(*tree, bytes);
  return 0;
}
