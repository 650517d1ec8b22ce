// SPDX-License-Identifier: LGPL-2.1-or-later
// Overlays: what dtc -@ makes of a source with /plugin/. Each fragment names a node of the tree, by a label that
// /__symbols__ of the tree resolves, or by its path, and what to put there
// (Documentation/devicetree/dynamic-resolution-notes.rst, overlay-notes.rst).
#include <libfdt.h>

#include "loaders/dtb/device_tree.h"
#include "loaders/dtb/fdt_error.h"

namespace kexec {
namespace {

constexpr std::string_view kContents = "__overlay__";

// Labels are names of properties.
std::vector<std::string> Labels(const void* overlay) {
  std::vector<std::string> labels;
  const int node = fdt_path_offset(overlay, "/__fixups__");
  if (node < 0) return labels;
  int property = 0;
  fdt_for_each_property_offset(property, overlay, node) {
    const char* name = nullptr;
    if (fdt_getprop_by_offset(overlay, property, &name, nullptr) != nullptr) labels.emplace_back(name);
  }
  return labels;
}

// libfdt says only that something was not found; this says what.
Result<> CheckLabels(const DeviceTree& tree, const void* overlay) {
  for (const std::string& label : Labels(overlay)) {
    const std::vector<std::string> found = tree.Strings("/__symbols__", label);
    if (found.empty() && !tree.HasNode("/__symbols__")) {
      return Fail(Errc::kUnsupported,
                  "it wants the label '{}', and the tree has no labels: it must be made with dtc -@", label);
    }
    if (found.empty()) return Fail(Errc::kUnsupported, "it wants the label '{}', which the tree lacks", label);
    if (!tree.HasNode(found.front())) {
      return Fail(Errc::kMalformed, "the tree's label '{}' names '{}', which is not there", label,
                  found.front());
    }
  }
  return {};
}

// Fragments that name their target by a path. The others were checked by their labels.
Result<> CheckFragments(const DeviceTree& tree, const DeviceTree& overlay) {
  size_t fragments = 0;
  for (const std::string& name : overlay.Children("/")) {
    const std::string path = "/" + name;
    if (!overlay.HasNode(fmt::format("{}/{}", path, kContents))) continue;
    ++fragments;
    const std::vector<std::string> target = overlay.Strings(path, "target-path");
    const bool by_label = overlay.Property(path, "target").has_value();
    if (target.empty() && !by_label) {
      return Fail(Errc::kMalformed, "'{}' names no target, neither by label nor by path", name);
    }
    if (!target.empty() && !by_label && !tree.HasNode(target.front())) {
      return Fail(Errc::kUnsupported, "'{}' is for '{}', which the tree lacks", name, target.front());
    }
  }
  if (fragments != 0) return {};
  return Fail(Errc::kMalformed, "it is a device tree, but no overlay: there is no fragment in it");
}

}  // namespace

Result<> DeviceTree::ApplyOverlay(Bytes overlay) {
  KEXEC_ASSIGN(const DeviceTree parsed, Parse(overlay));
  KEXEC_TRY(CheckLabels(*this, parsed.tree()));
  KEXEC_TRY(CheckFragments(*this, parsed));
  // A failure leaves both blobs damaged: all is done to copies.
  DeviceTree changed = *this;
  int error = -FDT_ERR_NOSPACE;
  while (error == -FDT_ERR_NOSPACE) {
    DeviceTree consumed = parsed;
    changed = *this;
    error = fdt_overlay_apply(changed.blob_.data(), consumed.blob_.data());
    if (error == -FDT_ERR_NOSPACE) KEXEC_TRY(Enlarge());
  }
  if (error != 0) return Fail(Errc::kMalformed, "it cannot be applied: {}", FdtProblem(error));
  blob_ = std::move(changed.blob_);
  return {};
}

}  // namespace kexec
