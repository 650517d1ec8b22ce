// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/identity.h"

#include <libfdt.h>

#include <algorithm>
#include <array>

#include "loaders/dtb/device_tree.h"

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
  KEXEC_TRY(DeviceTree::Parse(blob));  // checked: libfdt may walk it
  std::vector<std::byte> copy(blob.begin(), blob.end());
  for (int node = fdt_next_node(copy.data(), -1, nullptr); node >= 0;
       node = fdt_next_node(copy.data(), node, nullptr)) {
    int property = 0;
    fdt_for_each_property_offset(property, copy.data(), node) {
      const char* name = nullptr;
      int size = 0;
      const void* value = fdt_getprop_by_offset(copy.data(), property, &name, &size);
      if (value == nullptr || size <= 0 || !IdentifiesMachine(name)) continue;
      const auto offset = static_cast<size_t>(static_cast<const std::byte*>(value) - copy.data());
      BlankValue(std::span(copy).subspan(offset, static_cast<size_t>(size)));
    }
  }
  return copy;
}

}  // namespace kexec
