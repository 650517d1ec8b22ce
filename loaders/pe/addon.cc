// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/pe/addon.h"

#include <algorithm>
#include <span>
#include <string>

namespace kexec {
namespace {

std::string Listed(std::span<const PeSection> sections) {
  constexpr size_t kMaxListed = 16;
  std::string list;
  for (const PeSection& section : sections.first(std::min(sections.size(), kMaxListed))) {
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", section.name);
  }
  if (sections.size() > kMaxListed) list += fmt::format(" and {} more", sections.size() - kMaxListed);
  return list.empty() ? "no section at all" : list;
}

bool BringsSomething(const PeResources& parts) {
  return parts.command_line || parts.initrd || parts.microcode || parts.tree || !parts.auto_trees.empty();
}

}  // namespace

Result<PeAddon> ReadPeAddon(const SharedBytes& file) {
  KEXEC_ASSIGN(const PeImage image, ReadPeImage(file));
  PeAddon addon{image.machine, {}};
  KEXEC_ASSIGN(addon.parts, ReadPeResources(image.sections));
  if (addon.parts.kernel) {
    return Fail(Errc::kNotRecognised, "not an add-on, but a unified kernel image: it has a section '.linux'");
  }
  if (!BringsSomething(addon.parts)) {
    return Fail(Errc::kNotRecognised,
                "not an add-on: it has none of '.cmdline', '.initrd', '.ucode' and '.dtb' (it has {})",
                Listed(image.sections));
  }
  return addon;
}

}  // namespace kexec
