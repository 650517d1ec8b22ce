// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/phys.h"

#include <fmt/format.h>

namespace kexec {

std::optional<PageRange> PageRange::Enclosing(const PhysRange& range, Alignment page) {
  const auto end = page.Up(range.end().raw());
  if (!end) return std::nullopt;
  const auto pages = PhysRange::FromBounds(PhysAddr(page.Down(range.begin().raw())), PhysAddr(*end));
  return PageRange(*pages);
}

std::optional<PageRange> PageRange::Exactly(const PhysRange& range, Alignment page) {
  if (!page.Divides(range.begin().raw()) || !page.Divides(range.end().raw())) return std::nullopt;
  return PageRange(range);
}

std::string ToString(const PhysRange& range) {
  return fmt::format("[{:#x}, {:#x})", range.begin().raw(), range.end().raw());
}

}  // namespace kexec
