// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/device_tree.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kexec {
namespace {

using Id = TreeNodes::Id;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// "'/chosen': 'bootargs'".
std::string Named(const std::string& path, const std::string& name) {
  return fmt::format("'{}': '{}'", path, name);
}

std::optional<PhysRange> RangeOf(const TreeReservation& entry) {
  return PhysRange::FromSize(PhysAddr(entry.address), entry.size);
}

}  // namespace

Result<DeviceTree> DeviceTree::Parse(Bytes blob) {
  KEXEC_ASSIGN(FlatTree tree, ReadFlatTree(blob));
  return DeviceTree(std::move(tree));
}

bool DeviceTree::HasNode(const std::string& path) const { return nodes().Find(path) != TreeNodes::kNone; }

std::vector<std::string> DeviceTree::Children(const std::string& path) const {
  std::vector<std::string> names;
  const Id parent = nodes().Find(path);
  if (parent == TreeNodes::kNone) return names;
  for (Id id = nodes().node(parent).first_child; id != TreeNodes::kNone; id = nodes().node(id).next) {
    names.emplace_back(nodes().node(id).name);
  }
  return names;
}

std::optional<Bytes> DeviceTree::Property(const std::string& path, const std::string& name) const {
  const Id node = nodes().Find(path);
  const Id id = node == TreeNodes::kNone ? node : nodes().FindProperty(node, name);
  return id == TreeNodes::kNone ? std::nullopt : std::optional(nodes().property(id).value);
}

std::optional<uint64_t> DeviceTree::Number(const std::string& path, const std::string& name) const {
  const auto value = Property(path, name);
  if (!value) return std::nullopt;
  if (value->size() == 4) return *ReadAt<Be<uint32_t>>(*value, 0);
  if (value->size() == 8) return *ReadAt<Be<uint64_t>>(*value, 0);
  return std::nullopt;
}

std::vector<std::string> DeviceTree::Strings(const std::string& path, const std::string& name) const {
  std::vector<std::string> strings;
  std::string text;
  for (const std::byte b : Property(path, name).value_or(Bytes())) {
    if (b != std::byte{0}) {
      text += std::to_integer<char>(b);
      continue;
    }
    strings.push_back(std::move(text));
    text.clear();
  }
  return strings;
}

Result<> DeviceTree::AddNode(const std::string& path) {
  if (!path.starts_with('/') || (path.ends_with('/') && path != "/")) {
    return Fail(Errc::kUsage, "device tree: '{}' is no path of a node", path);
  }
  if (HasNode(path)) return {};
  if (std::ranges::count(path, '/') > kMaxDepth) {
    return Fail(Errc::kUsage, "device tree: '{}' is nested deeper than {}", path, kMaxDepth);
  }
  const std::string parent = ParentOf(path);
  KEXEC_TRY(AddNode(parent));
  const std::string_view name = tree_.nodes.Keep(std::string_view(path).substr(path.find_last_of('/') + 1));
  KEXEC_TRY(tree_.nodes.AddChild(nodes().Find(parent), name, TreeNodes::End::kFirst),
            fmt::format("device tree: '{}'", path));
  return {};
}

Result<> DeviceTree::SetProperty(const std::string& path, const std::string& name, Bytes value) {
  const std::string context = fmt::format("device tree: {}", Named(path, name));
  if (value.size() > kMaxBytes) {
    return Fail(Errc::kDoesNotFit, "{} of {:#x} bytes; the limit is {:#x}", context, value.size(), kMaxBytes);
  }
  KEXEC_TRY(AddNode(path));
  const Bytes kept = tree_.nodes.Keep(value);
  KEXEC_TRY(tree_.nodes.SetProperty(nodes().Find(path), tree_.nodes.Keep(std::string_view(name)), kept),
            context);
  return {};
}

Result<> DeviceTree::SetString(const std::string& path, const std::string& name, std::string_view value) {
  const std::string ended(value);  // with its final zero
  return SetProperty(path, name, std::as_bytes(std::span(ended.c_str(), ended.size() + 1)));
}

Result<> DeviceTree::SetU64(const std::string& path, const std::string& name, uint64_t value) {
  const std::array cells = {static_cast<uint32_t>(value >> 32), static_cast<uint32_t>(value)};
  return SetCells(path, name, cells);
}

Result<> DeviceTree::SetCells(const std::string& path, const std::string& name,
                              std::span<const uint32_t> cells) {
  const std::vector<Be<uint32_t>> ordered(cells.begin(), cells.end());
  return SetProperty(path, name, std::as_bytes(std::span(ordered)));
}

void DeviceTree::DeleteProperty(const std::string& path, const std::string& name) {
  const Id node = nodes().Find(path);
  if (node != TreeNodes::kNone) tree_.nodes.DeleteProperty(node, name);
}

std::vector<PhysRange> DeviceTree::Reservations() const {
  std::vector<PhysRange> ranges;
  for (const TreeReservation& entry : tree_.reservations) {
    if (const auto range = RangeOf(entry)) ranges.push_back(*range);
  }
  return ranges;
}

Result<> DeviceTree::AddReservation(const PhysRange& range) {
  KEXEC_TRY(tree_.nodes.TakeRoom(sizeof(TreeReservation)),
            fmt::format("device tree: reservation of {}", ToString(range)));
  tree_.reservations.push_back({range.begin().raw(), range.size()});
  return {};
}

size_t DeviceTree::RemoveReservations(const std::function<bool(const PhysRange&)>& unwanted) {
  return std::erase_if(tree_.reservations, [&](const TreeReservation& entry) {
    const auto range = RangeOf(entry);
    return range && unwanted(*range);
  });
}

}  // namespace kexec
