// SPDX-License-Identifier: LGPL-2.1-or-later
// The nodes and properties of a device tree as they lie in memory, found by name in O(log n). Every place
// where a tree comes from (a blob, /proc/device-tree, an overlay) fills one, so the bounds stand here, once.
//
// Names and values are borrowed from bytes the tree holds (Hold, Keep). What replaces a value does not free
// it: a tree is made, changed a few times and written.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

class TreeNodes {
 public:
  // Of the flat tree. Kernels take 2 MiB (MAX_FDT_SIZE of arm64 and riscv); an overlay may be larger than
  // what it adds.
  static constexpr size_t kMaxBytes = 4 << 20;
  // The specification allows 31 (2.2.1, 2.2.4); no file name is longer than this.
  static constexpr size_t kMaxName = 255;
  static constexpr uint32_t kMaxDepth = 64;  // of nested nodes, the root not counted; FDT_MAX_DEPTH of Linux

  using Id = uint32_t;
  static constexpr Id kRoot = 0;
  static constexpr Id kNone = UINT32_MAX;

  struct Node {
    std::string_view name;
    Id parent = kNone;
    uint32_t depth = 0;
    Id first_child = kNone, last_child = kNone, next = kNone;
    Id first_property = kNone, last_property = kNone;
  };
  struct Property {
    Id name = kNone;  // PropertyName
    Id next = kNone;
    Bytes value;
  };
  // Where what is new goes among its brothers. libfdt, and so every boot loader, puts it first.
  enum class End { kFirst, kLast };

  TreeNodes() : nodes_(1) {}

  // By an Id that was found here; kNone is none.
  const Node& node(Id id) const { return nodes_[id]; }
  const Property& property(Id id) const { return properties_[id]; }
  std::string_view PropertyName(Id id) const { return names_[properties_[id].name]; }
  std::string PathOf(Id node) const;

  // kNone: there is none. A name without '@' also finds the first child of that name with an address.
  Id FindChild(Id parent, std::string_view name) const;
  Id FindProperty(Id node, std::string_view name) const;
  // A path that does not begin with '/' begins with an alias (Devicetree Specification, 3.3 "/aliases node").
  Id Find(std::string_view path) const;

  // kDoesNotFit where the flat tree would be larger than kMaxBytes; kMalformed: a name that is empty or too
  // long or has a '/', or nesting too deep. `name` and `value` are held by the tree already.
  Result<Id> AddChild(Id parent, std::string_view name, End end);
  Result<> AddProperty(Id node, std::string_view name, Bytes value, End end);  // which the node lacks
  Result<> SetProperty(Id node, std::string_view name, Bytes value);
  void DeleteProperty(Id node, std::string_view name);

  void Hold(SharedBytes bytes) { held_.push_back(std::move(bytes)); }
  void HoldAllOf(const TreeNodes& other) {
    held_.insert(held_.end(), other.held_.begin(), other.held_.end());
  }
  Bytes Keep(Bytes bytes);  // a copy
  std::string_view Keep(std::string_view text);

  // Takes `bytes` of the flat tree for what is no node (the reservation block); kDoesNotFit as above.
  Result<> TakeRoom(size_t bytes);
  Id NodeCount() const { return static_cast<Id>(nodes_.size()); }
  size_t NameCount() const { return names_.size(); }  // above every Property::name

 private:
  // Ordered by a hash first, which decides all but a few comparisons; hostile names cost no more than the
  // rest.
  struct Key {
    Id of = kNone;
    size_t hash = 0;
    std::string_view name;
    auto operator<=>(const Key&) const = default;
  };
  static Key KeyOf(Id of, std::string_view name) { return {of, std::hash<std::string_view>()(name), name}; }
  Result<Id> NameId(std::string_view name);

  std::vector<SharedBytes> held_;
  std::vector<Node> nodes_;  // the first is the root
  std::vector<Property> properties_;
  std::vector<std::string_view> names_;  // of properties, each once
  std::map<Key, Id> name_ids_;           // of none
  std::map<Key, Id> children_;           // by whole name, and by what stands before the '@'
  std::map<std::pair<Id, Id>, Id> properties_of_;
  // At most: the header, the end of the reservations, the root, FDT_END (5.2, 5.3.1, 5.4.1), and what was
  // added.
  size_t flat_bytes_ = 40 + 16 + 12 + 4;
};

}  // namespace kexec
KEXEC_PUBLIC_END
