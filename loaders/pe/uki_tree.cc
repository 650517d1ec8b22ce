// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/pe/uki_tree.h"

#include <string>
#include <vector>

#include "loaders/dtb/device_tree.h"

namespace kexec {
namespace {

// What the machine is called most exactly (Devicetree Specification, 2.3.1 "compatible"); empty: not told.
std::string NameOf(const DeviceTree& tree) {
  const std::vector<std::string> names = tree.Strings("/", "compatible");
  return names.empty() ? std::string() : names.front();
}

}  // namespace

Result<std::optional<UkiTree>> ChooseUkiTree(const PeResources& parts, std::string_view board) {
  for (const SharedBytes& blob : parts.auto_trees) {
    KEXEC_ASSIGN(const DeviceTree tree, DeviceTree::Parse(blob.view()), ".dtbauto");
    if (!board.empty() && NameOf(tree) == board) return UkiTree{".dtbauto", blob};
  }
  if (parts.tree) return UkiTree{".dtb", *parts.tree};
  return std::nullopt;
}

}  // namespace kexec
