// SPDX-License-Identifier: LGPL-2.1-or-later
// Overlays: what dtc -@ makes of a source with /plugin/. Each fragment names a node of the tree, by a label
// that
// /__symbols__ of the tree resolves, or by its path, and what to put there
// (Documentation/devicetree/dynamic-resolution-notes.rst, overlay-notes.rst). The result is what libfdt makes
// of it, in one pass over both trees.
#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "loaders/dtb/device_tree.h"
#include "loaders/dtb/overlay_references.h"

namespace kexec {
namespace {

using Id = TreeNodes::Id;

constexpr std::string_view kContents = "__overlay__";
constexpr std::string_view kLabels = "__symbols__";

std::string_view FirstText(Bytes value) {
  const std::string_view text(reinterpret_cast<const char*>(value.data()), value.size());
  return text.substr(0, text.find('\0'));
}

struct Fragment {
  Id node;
  Id contents;  // the node __overlay__ in it
};

std::vector<Fragment> FragmentsOf(const TreeNodes& overlay) {
  std::vector<Fragment> fragments;
  for (Id id = overlay.node(TreeNodes::kRoot).first_child; id != TreeNodes::kNone;
       id = overlay.node(id).next) {
    const Id contents = overlay.FindChild(id, kContents);
    if (contents != TreeNodes::kNone) fragments.push_back({id, contents});
  }
  return fragments;
}

class Merge {
 public:
  Merge(const TreeNodes& overlay, TreeNodes& tree)
      : overlay_(overlay), values_(overlay), tree_(tree), by_phandle_(NodesByPhandle(tree)) {
    tree.HoldAllOf(overlay);
  }

  Result<> Run() {
    const std::vector<Fragment> fragments = FragmentsOf(overlay_);
    if (fragments.empty()) {
      return Fail(Errc::kMalformed, "it is a device tree, but no overlay: there is no fragment in it");
    }
    KEXEC_TRY(MoveOwnPhandles(by_phandle_.empty() ? 0 : by_phandle_.rbegin()->first, values_));
    KEXEC_TRY(ResolveLabels(tree_, values_));
    std::map<uint32_t, uint32_t> replaced;
    for (const Fragment& fragment : fragments) {
      const auto target = TargetOf(fragment);  // which an earlier fragment may still make
      if (target) KeepPhandles(*target, fragment.contents, replaced);
    }
    ReplaceOwnPhandles(replaced, values_);
    for (const Fragment& fragment : fragments) {
      KEXEC_ASSIGN(const Id target, TargetOf(fragment));
      KEXEC_TRY(MergeNode(fragment.contents, target), fmt::format("'{}'", NameOf(fragment.node)));
    }
    return MergeLabels();
  }

 private:
  std::string_view NameOf(Id node) const { return overlay_.node(node).name; }

  // Resolved anew wherever it is asked for: fragments add nodes.
  Result<Id> TargetOf(const Fragment& fragment) const {
    const std::string_view name = NameOf(fragment.node);
    const Id by_label = overlay_.FindProperty(fragment.node, "target");
    const auto phandle =
        by_label == TreeNodes::kNone ? std::optional<uint32_t>(0) : values_.Cell(by_label, 0);
    if (phandle != 0) {
      const auto node = phandle ? by_phandle_.find(*phandle) : by_phandle_.end();
      if (node != by_phandle_.end()) return node->second;
      return Fail(Errc::kUnsupported,
                  "'{}' is for the node with the number (phandle) {:#x}, which the tree lacks", name,
                  phandle.value_or(0));
    }
    const Id by_path = overlay_.FindProperty(fragment.node, "target-path");
    if (by_path == TreeNodes::kNone) {
      return Fail(Errc::kMalformed, "'{}' names no target, neither by label nor by path", name);
    }
    const std::string_view path = FirstText(values_.Value(by_path));
    const Id node = tree_.Find(path);
    if (node != TreeNodes::kNone) return node;
    return Fail(Errc::kUnsupported, "'{}' is for '{}', which the tree lacks", name, path);
  }

  // A node of the tree that has a number keeps it: others refer to it. `replaced`: the overlay's numbers for
  // such nodes.
  void KeepPhandles(Id into, Id from, std::map<uint32_t, uint32_t>& replaced) {
    const uint32_t kept = PhandleOf(tree_, into);
    const uint32_t own = PhandleOf(values_, from);
    if (kept != 0 && own != 0) {
      replaced.emplace(own, kept);
      SetPhandle(values_, from, kept);
    }
    for (Id id = overlay_.node(from).first_child; id != TreeNodes::kNone; id = overlay_.node(id).next) {
      const Id child = tree_.FindChild(into, NameOf(id));
      if (child != TreeNodes::kNone) KeepPhandles(child, id, replaced);
    }
  }

  Result<> MergeNode(Id from, Id into) {
    for (Id id = overlay_.node(from).first_property; id != TreeNodes::kNone;
         id = overlay_.property(id).next) {
      const Bytes value = values_.Value(id);
      KEXEC_TRY(tree_.SetProperty(into, overlay_.PropertyName(id),
                                  values_.Changed(id) ? tree_.Keep(value) : value));
    }
    if (const uint32_t phandle = PhandleOf(tree_, into); phandle != 0) by_phandle_.emplace(phandle, into);
    for (Id id = overlay_.node(from).first_child; id != TreeNodes::kNone; id = overlay_.node(id).next) {
      Id child = tree_.FindChild(into, NameOf(id));
      if (child == TreeNodes::kNone) {
        KEXEC_ASSIGN(child, tree_.AddChild(into, NameOf(id), TreeNodes::End::kFirst));
      }
      KEXEC_TRY(MergeNode(id, child));
    }
    return {};
  }

  // The overlay's labels become the tree's, with the paths of the merged nodes, for overlays that come
  // behind.
  Result<> MergeLabels() {
    const Id labels = overlay_.FindChild(TreeNodes::kRoot, kLabels);
    if (labels == TreeNodes::kNone) return {};
    Id into = tree_.FindChild(TreeNodes::kRoot, kLabels);
    if (into == TreeNodes::kNone) {
      KEXEC_ASSIGN(into, tree_.AddChild(TreeNodes::kRoot, kLabels, TreeNodes::End::kFirst));
    }
    for (Id id = overlay_.node(labels).first_property; id != TreeNodes::kNone;
         id = overlay_.property(id).next) {
      KEXEC_ASSIGN(const std::string path, MergedPath(FirstText(overlay_.property(id).value)));
      if (path.empty()) continue;
      const Bytes value = std::as_bytes(std::span(path.c_str(), path.size() + 1));
      KEXEC_TRY(tree_.SetProperty(into, overlay_.PropertyName(id), tree_.Keep(value)), "'/__symbols__'");
    }
    return {};
  }

  // "/FRAGMENT/__overlay__/REST" is REST below the fragment's target; empty: a path that is not merged.
  Result<std::string> MergedPath(std::string_view path) const {
    if (!path.starts_with('/')) return std::string();
    path.remove_prefix(1);
    const size_t length = std::min(path.find('/'), path.size());
    const Id fragment = overlay_.FindChild(TreeNodes::kRoot, path.substr(0, length));
    path.remove_prefix(std::min(length + 1, path.size()));
    const Id contents = fragment == TreeNodes::kNone ? fragment : overlay_.FindChild(fragment, kContents);
    if (contents == TreeNodes::kNone || !path.starts_with(kContents)) return std::string();
    path.remove_prefix(kContents.size());
    if (!path.empty() && !path.starts_with('/')) return std::string();
    KEXEC_ASSIGN(const Id target, TargetOf({fragment, contents}));
    return (target == TreeNodes::kRoot && !path.empty() ? "" : tree_.PathOf(target)) + std::string(path);
  }

  const TreeNodes& overlay_;
  OverlayValues values_;
  TreeNodes& tree_;
  std::map<uint32_t, Id> by_phandle_;  // nodes of the tree
};

}  // namespace

Result<> DeviceTree::ApplyOverlay(Bytes overlay) {
  KEXEC_ASSIGN(const DeviceTree parsed, Parse(overlay));
  DeviceTree changed = *this;
  KEXEC_TRY(Merge(parsed.nodes(), changed.tree_.nodes).Run());
  *this = std::move(changed);
  return {};
}

}  // namespace kexec
