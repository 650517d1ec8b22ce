// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/identity.h"

#include <algorithm>
#include <array>

#include "loaders/dtb/flat_tree.h"

namespace kexec {
namespace {

// Parts of names. "serial-number" and "mac-address" (also "local-mac-address") are those of the Devicetree
// Specification (2.3 and 4.3) and of Linux' Documentation/devicetree/bindings; "linux,serial" is what
// firmware of the Raspberry Pi writes.
constexpr std::array<std::string_view, 4> kIdentifying = {"serial-number", "linux,serial", "mac-addr",
                                                          "macaddr"};

bool IsPrintable(std::byte byte) { return byte >= std::byte{0x20} && byte < std::byte{0x7f}; }

// Of one or more characters, with a zero behind.
bool IsString(std::span<const std::byte> value) {
  return value.size() > 1 && value.back() == std::byte{0} &&
         std::ranges::all_of(value.first(value.size() - 1), IsPrintable);
}

}  // namespace

bool IdentifiesMachine(std::string_view property) {
  return std::ranges::any_of(kIdentifying, [&](std::string_view part) { return property.contains(part); });
}

void BlankValue(std::span<std::byte> value) {
  if (IsString(value)) {
    std::ranges::fill(value.first(value.size() - 1), std::byte{'x'});
  } else {
    std::ranges::fill(value, std::byte{0});
  }
}

Result<std::vector<std::byte>> WithoutIdentity(Bytes blob) {
  KEXEC_ASSIGN(FlatTree tree, ReadFlatTree(blob));
  TreeNodes& nodes = tree.nodes;
  for (TreeNodes::Id node = TreeNodes::kRoot; node < nodes.NodeCount(); ++node) {
    TreeNodes::Id property = nodes.node(node).first_property;
    for (; property != TreeNodes::kNone; property = nodes.property(property).next) {
      const std::string_view name = nodes.PropertyName(property);
      if (!IdentifiesMachine(name)) continue;
      const Bytes value = nodes.property(property).value;
      std::vector<std::byte> blank(value.begin(), value.end());
      BlankValue(blank);
      KEXEC_TRY(nodes.SetProperty(node, name, nodes.Keep(blank)));
    }
  }
  return WriteFlatTree(tree);
}

}  // namespace kexec
