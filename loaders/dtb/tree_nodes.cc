// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/tree_nodes.h"

#include <algorithm>
#include <ranges>

namespace kexec {
namespace {

// Devicetree Specification, 5.4.1: what the tokens of a node and of a property take.
constexpr size_t kToken = 4;
constexpr size_t kNodeBytes = 2 * kToken;      // FDT_BEGIN_NODE, FDT_END_NODE, and the name
constexpr size_t kPropertyBytes = 3 * kToken;  // FDT_PROP, length, name's offset, and the value

size_t Padded(size_t bytes) { return (bytes + kToken - 1) / kToken * kToken; }

std::string_view WithoutAddress(std::string_view name) { return name.substr(0, name.find('@')); }

Result<> CheckLength(std::string_view what, std::string_view name) {
  if (name.size() <= TreeNodes::kMaxName) return {};
  return Fail(Errc::kMalformed, "the name of a {} has more than {} bytes: '{}...'", what, TreeNodes::kMaxName,
              name.substr(0, 40));
}

// A path leads to the node it names (Devicetree Specification, 2.2.1 "Node Names").
Result<> CheckNodeName(std::string_view name) {
  if (name.empty()) return Fail(Errc::kMalformed, "there is a node without a name");
  KEXEC_TRY(CheckLength("node", name));
  if (!name.contains('/')) return {};
  return Fail(Errc::kMalformed, "the name of a node has a '/': '{}'", name.substr(0, 80));
}

// Takes the first name of `path` off it.
std::string_view TakeName(std::string_view& path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size());
  return name;
}

}  // namespace

std::string TreeNodes::PathOf(Id node) const {
  std::vector<std::string_view> names;
  for (; node != kRoot; node = nodes_[node].parent) names.push_back(nodes_[node].name);
  std::string path = names.empty() ? "/" : "";
  for (const std::string_view name : std::views::reverse(names)) (path += '/') += name;
  return path;
}

TreeNodes::Id TreeNodes::FindChild(Id parent, std::string_view name) const {
  const auto found = children_.find(KeyOf(parent, name));
  return found == children_.end() ? kNone : found->second;
}

TreeNodes::Id TreeNodes::FindProperty(Id node, std::string_view name) const {
  const auto id = name_ids_.find(KeyOf(kNone, name));
  if (id == name_ids_.end()) return kNone;
  const auto found = properties_of_.find({node, id->second});
  return found == properties_of_.end() ? kNone : found->second;
}

TreeNodes::Id TreeNodes::Find(std::string_view path) const {
  Id node = kRoot;
  if (!path.starts_with('/')) {
    const Id aliases = FindChild(kRoot, "aliases");
    const Id alias = aliases == kNone ? kNone : FindProperty(aliases, TakeName(path));
    if (alias == kNone) return kNone;
    const Bytes value = properties_[alias].value;
    const std::string_view text(reinterpret_cast<const char*>(value.data()), value.size());
    // One alias names no other: it could name itself.
    node = text.starts_with('/') ? Find(text.substr(0, text.find('\0'))) : kNone;
  }
  while (node != kNone) {
    const std::string_view name = TakeName(path);
    if (name.empty()) break;
    node = FindChild(node, name);
  }
  return node;
}

Result<> TreeNodes::TakeRoom(size_t bytes) {
  if (bytes > kMaxBytes || flat_bytes_ > kMaxBytes - bytes) {
    return Fail(Errc::kDoesNotFit,
                "the device tree grows beyond {:#x} bytes, and kernels take no more than half of that",
                kMaxBytes);
  }
  flat_bytes_ += bytes;
  return {};
}

Result<TreeNodes::Id> TreeNodes::AddChild(Id parent, std::string_view name, End end) {
  KEXEC_TRY(CheckNodeName(name));
  const uint32_t depth = nodes_[parent].depth + 1;
  if (depth > kMaxDepth) return Fail(Errc::kMalformed, "nodes are nested deeper than {}", kMaxDepth);
  KEXEC_TRY(TakeRoom(kNodeBytes + Padded(name.size() + 1)));
  const Id child = static_cast<Id>(nodes_.size());
  nodes_.push_back({.name = name, .parent = parent, .depth = depth});
  Node& above = nodes_[parent];
  if (above.first_child == kNone) {
    above.first_child = above.last_child = child;
  } else if (end == End::kFirst) {
    nodes_[child].next = std::exchange(above.first_child, child);
  } else {
    nodes_[std::exchange(above.last_child, child)].next = child;
  }
  const std::string_view shorter = WithoutAddress(name);
  for (const std::string_view key : {name, shorter}) {
    const auto [known, added] = children_.try_emplace(KeyOf(parent, key), child);
    if (!added && end == End::kFirst) known->second = child;
    if (shorter.size() == name.size()) break;
  }
  return child;
}

Result<TreeNodes::Id> TreeNodes::NameId(std::string_view name) {
  const auto known = name_ids_.find(KeyOf(kNone, name));
  if (known != name_ids_.end()) return known->second;
  KEXEC_TRY(CheckLength("property", name));
  KEXEC_TRY(TakeRoom(name.size() + 1));
  const Id id = static_cast<Id>(names_.size());
  names_.push_back(name);
  name_ids_.emplace(KeyOf(kNone, name), id);
  return id;
}

Result<> TreeNodes::AddProperty(Id node, std::string_view name, Bytes value, End end) {
  KEXEC_TRY(TakeRoom(kPropertyBytes + Padded(std::min(value.size(), kMaxBytes))));
  KEXEC_ASSIGN(const Id name_id, NameId(name));
  const Id id = static_cast<Id>(properties_.size());
  properties_.push_back({.name = name_id, .value = value});
  Node& of = nodes_[node];
  if (of.first_property == kNone) {
    of.first_property = of.last_property = id;
  } else if (end == End::kFirst) {
    properties_[id].next = std::exchange(of.first_property, id);
  } else {
    properties_[std::exchange(of.last_property, id)].next = id;
  }
  properties_of_.emplace(std::pair(node, name_id), id);
  return {};
}

Result<> TreeNodes::SetProperty(Id node, std::string_view name, Bytes value) {
  const Id known = FindProperty(node, name);
  if (known == kNone) return AddProperty(node, name, value, End::kFirst);
  const size_t before = Padded(properties_[known].value.size());
  const size_t after = Padded(std::min(value.size(), kMaxBytes));
  if (after > before) KEXEC_TRY(TakeRoom(after - before));
  if (after < before) flat_bytes_ -= before - after;
  properties_[known].value = value;
  return {};
}

void TreeNodes::DeleteProperty(Id node, std::string_view name) {
  const Id gone = FindProperty(node, name);
  if (gone == kNone) return;
  Node& of = nodes_[node];
  Id before = kNone;
  for (Id id = of.first_property; id != gone; id = properties_[id].next) before = id;
  (before == kNone ? of.first_property : properties_[before].next) = properties_[gone].next;
  if (of.last_property == gone) of.last_property = before;
  properties_of_.erase({node, properties_[gone].name});
  flat_bytes_ -= kPropertyBytes + Padded(properties_[gone].value.size());
}

Bytes TreeNodes::Keep(Bytes bytes) {
  held_.push_back(SharedBytes::Own({bytes.begin(), bytes.end()}));
  return held_.back().view();
}

std::string_view TreeNodes::Keep(std::string_view text) {
  const Bytes kept = Keep(std::as_bytes(std::span(text)));
  return {reinterpret_cast<const char*>(kept.data()), kept.size()};
}

}  // namespace kexec
