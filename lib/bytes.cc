// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/bytes.h"

#include <utility>

namespace kexec {

SharedBytes SharedBytes::Own(std::vector<std::byte> bytes) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  const Bytes view(*owner);
  return Wrap(std::move(owner), view);
}

SharedBytes SharedBytes::Wrap(std::shared_ptr<const void> owner, Bytes view) {
  SharedBytes shared;
  shared.owner_ = std::move(owner);
  shared.view_ = view;
  return shared;
}

std::optional<SharedBytes> SharedBytes::Slice(uint64_t offset, uint64_t size) const {
  const auto part = SliceAt(view_, offset, size);
  if (!part) return std::nullopt;
  return Wrap(owner_, *part);
}

}  // namespace kexec
