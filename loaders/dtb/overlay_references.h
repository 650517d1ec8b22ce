// SPDX-License-Identifier: LGPL-2.1-or-later
// The references of an overlay to nodes. In the blob they are numbers ("phandles"): each node that is
// referred to has its own in a property 'phandle', and each reference is a cell of some property. dtc lists
// where those cells are: in /__local_fixups__ the offsets of references to the overlay's own nodes, in
// /__fixups__ for each label of the tree below "PATH:PROPERTY:OFFSET"
// (Documentation/devicetree/dynamic-resolution-notes.rst). An offset is believed only where the whole cell
// lies in the property.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "loaders/dtb/tree_nodes.h"

namespace kexec {

// The overlay's values, some of them changed; the overlay stays as it is.
class OverlayValues {
 public:
  explicit OverlayValues(const TreeNodes& overlay) : overlay_(overlay) {}
  const TreeNodes& overlay() const { return overlay_; }
  Bytes Value(TreeNodes::Id property) const;
  bool Changed(TreeNodes::Id property) const { return changed_.contains(property); }
  // nullopt: the cell does not lie wholly in the value.
  std::optional<uint32_t> Cell(TreeNodes::Id property, uint32_t offset) const;
  // One that Cell knows.
  void SetCell(TreeNodes::Id property, uint32_t offset, uint32_t number);

 private:
  const TreeNodes& overlay_;
  std::map<TreeNodes::Id, std::vector<std::byte>> changed_;
};

// True for the children of an overlay's root that describe it and are merged into nothing: /__fixups__ and
// the like.
bool DescribesOverlay(const TreeNodes& overlay, TreeNodes::Id node);

// The node's number, 0 if it has none: 'phandle', or 'linux,phandle' as it was called.
uint32_t PhandleOf(const TreeNodes& tree, TreeNodes::Id node);
uint32_t PhandleOf(const OverlayValues& values, TreeNodes::Id node);
void SetPhandle(OverlayValues& values, TreeNodes::Id node, uint32_t phandle);
// Of all nodes; the first has a number that several have.
std::map<uint32_t, TreeNodes::Id> NodesByPhandle(const TreeNodes& tree);

// Moves the numbers of the overlay's own nodes, and the references to them, above `largest`, which the tree
// has.
Result<> MoveOwnPhandles(uint32_t largest, OverlayValues& values);
// What `replaced` has is replaced in the references to the overlay's own nodes. MoveOwnPhandles checked them.
void ReplaceOwnPhandles(const std::map<uint32_t, uint32_t>& replaced, OverlayValues& values);
// Puts the numbers of the tree's nodes where the overlay refers to them by label.
Result<> ResolveLabels(const TreeNodes& tree, OverlayValues& values);

}  // namespace kexec
