// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/pe/addon.h"

#include <algorithm>
#include <string>

namespace kexec {
namespace {

std::string Listed(const std::vector<PeSection>& sections) {
  std::string list;
  for (const PeSection& section : sections) {
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", section.name);
  }
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
