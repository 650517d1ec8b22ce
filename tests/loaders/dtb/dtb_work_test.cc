// SPDX-License-Identifier: GPL-2.0-or-later
// Device trees and overlays of hostile size cost what their bytes cost: with twice as many nodes, twice as
// much.
#include <gtest/gtest.h>

#include <functional>

#include "arch/dt/dt_tree.h"
#include "loaders/dtb/device_tree.h"
#include "tests/support/archive_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"
#include "tests/support/work.h"

namespace kexec::testing {
namespace {

// A look-up by name takes the logarithm of what is there: a tenth more with twice as much.
void ExpectSorted(Work once, const Work& twice) {
  once.steps += once.steps / 10;
  ExpectLinear(once, twice);
}

DeviceTree WithMemoryNodes(size_t nodes) {
  DeviceTree tree = DeviceTree::Empty();
  for (size_t i = 0; i < nodes; ++i) {
    const std::string path = fmt::format("/memory@{:x}", i << 32);
    EXPECT_TRUE(tree.SetString(path, "device_type", "memory"));
    EXPECT_TRUE(tree.SetCells(path, "reg", std::array{static_cast<uint32_t>(i), 0u, 0x1000u}));
  }
  return tree;
}

TEST(DtbWork, OfReadingEveryNode) {
  const auto read = [](size_t nodes) {
    const ByteVector blob = WithMemoryNodes(nodes).Packed();
    return MeasureWork([&] {
      const auto tree = DeviceTree::Parse(blob);
      EXPECT_EQ(MessageOf(tree), "success");
      size_t found = 0;
      for (const std::string& name : tree->Children("/")) found += tree->Ranges("/" + name, "reg")->size();
      EXPECT_EQ(found, nodes);
      return tree->Packed();
    });
  };
  ExpectSorted(read(4000), read(8000));
}

TEST(DtbWork, OfAddingNodes) {
  const auto add = [](size_t nodes) { return MeasureWork([&] { return WithMemoryNodes(nodes); }); };
  ExpectSorted(add(4000), add(8000));
}

// Each for a node of its own, by label, with a label of its own and a number.
DeviceTree OverlayOfFragments(size_t fragments) {
  DeviceTree overlay = DeviceTree::Empty();
  for (size_t i = 0; i < fragments; ++i) {
    const std::string fragment = fmt::format("/fragment@{}", i);
    EXPECT_TRUE(overlay.SetCells(fragment, "target", std::array{0xffffffffu}));
    EXPECT_TRUE(
        overlay.SetCells(fragment + "/__overlay__/new", "phandle", std::array{static_cast<uint32_t>(i + 1)}));
    EXPECT_TRUE(
        overlay.SetCells(fragment + "/__overlay__/new", "self", std::array{static_cast<uint32_t>(i + 1)}));
    EXPECT_TRUE(
        overlay.SetCells("/__local_fixups__" + fragment + "/__overlay__/new", "self", std::array{0u}));
    EXPECT_TRUE(overlay.SetString("/__fixups__", fmt::format("l{}", i), fragment + ":target:0"));
    EXPECT_TRUE(overlay.SetString("/__symbols__", fmt::format("n{}", i), fragment + "/__overlay__/new"));
  }
  return overlay;
}

DeviceTree BaseOfLabels(size_t labels) {
  DeviceTree tree = DeviceTree::Empty();
  for (size_t i = 0; i < labels; ++i) {
    const std::string path = fmt::format("/node@{:x}", i);
    EXPECT_TRUE(tree.SetCells(path, "phandle", std::array{static_cast<uint32_t>(i + 1)}));
    EXPECT_TRUE(tree.SetString("/__symbols__", fmt::format("l{}", i), path));
  }
  return tree;
}

TEST(DtbWork, OfAnOverlaysFragments) {
  const auto apply = [](size_t fragments) {
    DeviceTree tree = BaseOfLabels(fragments);
    const ByteVector overlay = OverlayOfFragments(fragments).Packed();
    const Work work = MeasureWork([&] {
      EXPECT_EQ(MessageOf(tree.ApplyOverlay(overlay)), "success");
      return 0;
    });
    EXPECT_TRUE(tree.HasNode(fmt::format("/node@{:x}/new", fragments - 1)));
    return work;
  };
  ExpectSorted(apply(1000), apply(2000));
}

// Each merged node has a number that gives way to the tree's, so that every reference is looked at again.
TEST(DtbWork, OfNumbersThatGiveWay) {
  const auto apply = [](size_t nodes) {
    DeviceTree tree = BaseOfLabels(nodes);
    DeviceTree overlay = DeviceTree::Empty();
    EXPECT_TRUE(overlay.SetString("/fragment@0", "target-path", "/"));
    for (size_t i = 0; i < nodes; ++i) {
      const std::string path = fmt::format("/fragment@0/__overlay__/node@{:x}", i);
      EXPECT_TRUE(overlay.SetCells(path, "phandle", std::array{static_cast<uint32_t>(i + 1)}));
      EXPECT_TRUE(overlay.SetCells(path, "self", std::array{static_cast<uint32_t>(i + 1)}));
      EXPECT_TRUE(overlay.SetCells("/__local_fixups__" + path, "self", std::array{0u}));
    }
    const ByteVector blob = overlay.Packed();
    const Work work = MeasureWork([&] {
      EXPECT_EQ(MessageOf(tree.ApplyOverlay(blob)), "success");
      return 0;
    });
    EXPECT_EQ(tree.Number(fmt::format("/node@{:x}", nodes - 1), "self"), nodes);
    return work;
  };
  ExpectSorted(apply(1000), apply(2000));
}

TEST(DtbWork, OfAFolderLikeTheKernels) {
  const auto flatten = [](size_t properties) {
    ScratchRoot root;
    for (size_t i = 0; i < properties; ++i) root.File(fmt::format("proc/device-tree/node/p{}", i), "value");
    return MeasureWork([&] { return FlattenDeviceTree(root.root(), "proc/device-tree"); });
  };
  const Work once = flatten(100);
  ExpectLinear(once, flatten(200));
  EXPECT_LT(once.peak, 1u << 20);
}

TEST(DtbWork, OfReservationsOfTheOldInitrd) {
  const auto make = [](size_t reservations) {
    DeviceTree tree = WithMemoryNodes(1);
    const PhysRange initrd = *PhysRange::FromSize(PhysAddr(0x48000000), 0x100000);
    EXPECT_TRUE(tree.SetU64("/chosen", "linux,initrd-start", initrd.begin().raw()));
    EXPECT_TRUE(tree.SetU64("/chosen", "linux,initrd-end", initrd.end().raw()));
    for (size_t i = 0; i < reservations; ++i) EXPECT_TRUE(tree.AddReservation(initrd));
    DtFacts facts;
    facts.tree = NamedFile{"the.dtb", SharedBytes::Own(tree.Packed())};
    RecordingDiagnostics diagnostics;
    return MeasureWork([&] {
      auto base = BaseTree(facts, {}, nullptr, diagnostics);
      EXPECT_TRUE(base->Reservations().empty());
      return base;
    });
  };
  ExpectLinear(make(10000), make(20000));
}

}  // namespace
}  // namespace kexec::testing
