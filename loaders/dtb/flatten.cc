// SPDX-License-Identifier: LGPL-2.1-or-later
// /proc/device-tree, made a tree again.
#include <string_view>
#include <utility>

#include "loaders/dtb/device_tree.h"

namespace kexec {
namespace {

using Id = TreeNodes::Id;

class TreeCollector {
 public:
  explicit TreeCollector(const SystemRoot& root) : root_(root) {}

  Result<FlatTree> Collect(const std::string& path) {
    KEXEC_TRY(CollectNode(path, TreeNodes::kRoot));
    return std::move(tree_);
  }

 private:
  Result<> CollectNode(const std::string& path, Id node) {  // at most kMaxDepth deep
    KEXEC_ASSIGN(const std::vector<std::string> entries, root_.List(path));
    for (const std::string& entry : entries) {
      const std::string below = path + "/" + entry;
      const EntryKind kind = root_.Kind(below);
      if (kind == EntryKind::kFile) KEXEC_TRY(CollectProperty(below, node, entry));
      if (kind != EntryKind::kDirectory) continue;
      KEXEC_ASSIGN(const Id child, tree_.nodes.AddChild(node, Kept(entry), TreeNodes::End::kLast),
                   fmt::format("'{}'", below));
      KEXEC_TRY(CollectNode(below, child));
    }
    return {};
  }

  Result<> CollectProperty(const std::string& path, Id node, const std::string& name) {
    if (name == "name") return {};  // the kernel shows the node's own name as a property
    KEXEC_ASSIGN(const std::vector<std::byte> value, root_.ReadHead(path, DeviceTree::kMaxBytes + 1));
    const Bytes kept = tree_.nodes.Keep(Bytes(value));
    KEXEC_TRY(tree_.nodes.AddProperty(node, Kept(name), kept, TreeNodes::End::kLast),
              fmt::format("'{}'", path));
    return {};
  }

  std::string_view Kept(const std::string& name) { return tree_.nodes.Keep(std::string_view(name)); }

  const SystemRoot& root_;
  FlatTree tree_;
};

}  // namespace

Result<DeviceTree> FlattenDeviceTree(const SystemRoot& root, const std::string& path) {
  KEXEC_ASSIGN(FlatTree tree, TreeCollector(root).Collect(path));
  return DeviceTree(std::move(tree));
}

}  // namespace kexec
