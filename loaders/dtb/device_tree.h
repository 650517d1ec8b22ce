// SPDX-License-Identifier: LGPL-2.1-or-later
// A device tree that can be read and changed (Devicetree Specification 0.4, chapter 5: the flattened format).
// Blobs come from files and firmware and are checked before anything believes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"
#include "loaders/dtb/flat_tree.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Nodes are named by their paths: "/", "/chosen", "/memory@40000000". As libfdt has it, "/memory" also finds
// the first "/memory@...", and a path that does not begin with '/' begins with an alias. Errors name the node
// and the property. A path costs O(log n) a name, a node or property added no more.
class DeviceTree {
 public:
  static constexpr size_t kMaxBytes = TreeNodes::kMaxBytes;  // of a blob, and of a tree that grows
  static constexpr int kMaxDepth = TreeNodes::kMaxDepth;     // of nested nodes

  explicit DeviceTree(FlatTree tree) : tree_(std::move(tree)) {}
  // Takes a copy of `blob`; bytes behind the size in its header are ignored. kNotRecognised: no device tree;
  // kMalformed: damaged or cut short, nested deeper than kMaxDepth, or with names that are too long or that
  // no path names; kDoesNotFit: larger than kMaxBytes; kUnsupported: older than version 17 of the format.
  static Result<DeviceTree> Parse(Bytes blob);
  // A root node and nothing else.
  static DeviceTree Empty() { return DeviceTree(FlatTree()); }

  bool HasNode(const std::string& path) const;
  // Names of the nodes below `path`, in the tree's order; none where there is no such node.
  std::vector<std::string> Children(const std::string& path) const;

  // nullopt: there is no such node or property. Borrowed until the tree is changed.
  std::optional<Bytes> Property(const std::string& path, const std::string& name) const;
  // Of one or two cells (u32 and u64); nullopt, too, where it has another size.
  std::optional<uint64_t> Number(const std::string& path, const std::string& name) const;
  // Strings of a property, each ended by a zero ("compatible"); none where there is none.
  std::vector<std::string> Strings(const std::string& path, const std::string& name) const;

  // Makes the node, and those above it, where they are missing. kUsage for a path that does not begin with
  // '/'.
  Result<> AddNode(const std::string& path);

  // These replace the property, and make the node where it is missing.
  Result<> SetProperty(const std::string& path, const std::string& name, Bytes value);
  Result<> SetString(const std::string& path, const std::string& name, std::string_view value);
  Result<> SetU64(const std::string& path, const std::string& name, uint64_t value);
  Result<> SetCells(const std::string& path, const std::string& name, std::span<const uint32_t> cells);
  // Nothing happens where there is none.
  void DeleteProperty(const std::string& path, const std::string& name);

  // A list of addresses and sizes, as "reg" has it, read by the #address-cells and #size-cells of the node
  // above `path`. Empty ones are left out; none where there is no such property. kMalformed: its size is no
  // multiple of an entry, or a range that does not fit 64 bits; kUnsupported: cells of more than 64 bits.
  Result<std::vector<PhysRange>> Ranges(const std::string& path, const std::string& property) const;
  // The same written: what a property of a node below `parent` holds. kDoesNotFit where a number needs more
  // cells than there are.
  Result<std::vector<std::byte>> EncodeRanges(const std::string& parent,
                                              std::span<const PhysRange> ranges) const;

  // The memory reservation block. Empty entries and those beyond 2^64 are left out.
  std::vector<PhysRange> Reservations() const;
  Result<> AddReservation(const PhysRange& range);
  // Every entry for which `unwanted` is true; answers how many.
  size_t RemoveReservations(const std::function<bool(const PhysRange&)>& unwanted);

  // Applies an overlay as dtc -@ makes it. Where that fails the tree is as it was, and the message names the
  // fragment and what it wants.
  Result<> ApplyOverlay(Bytes overlay);

  // The blob, without room to grow.
  std::vector<std::byte> Packed() const { return WriteFlatTree(tree_); }

 private:
  const TreeNodes& nodes() const { return tree_.nodes; }

  FlatTree tree_;
};

// The tree a directory like /proc/device-tree shows: nodes are directories, properties are files. Symbolic
// links in it are not followed. The reservation block is not in there. kIo: it cannot be read; kMalformed:
// nested deeper than DeviceTree::kMaxDepth; kDoesNotFit: more than DeviceTree::kMaxBytes.
Result<DeviceTree> FlattenDeviceTree(const SystemRoot& root, const std::string& path);

}  // namespace kexec
KEXEC_PUBLIC_END
