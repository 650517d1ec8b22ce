// SPDX-License-Identifier: LGPL-2.1-or-later
// What the sections of a unified kernel image or of one of its add-ons bring for the kernel (UAPI.5, "UKI
// Components").
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/pe/pe_sections.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct PeResources {
  std::optional<SharedBytes> kernel;        // .linux
  std::optional<SharedBytes> initrd;        // .initrd
  std::optional<SharedBytes> microcode;     // .ucode: an initrd that stands before all others
  std::optional<SharedBytes> tree;          // .dtb
  std::vector<SharedBytes> auto_trees;      // .dtbauto, in order: each for the machine it names
  std::optional<std::string> command_line;  // .cmdline, one line, without blanks around it
  std::string release;                      // .uname, as uname -r; empty: not told
  std::string os_release;                   // .osrel: the text of os-release(5); empty: none
  // Names of sections that a boot through the firmware uses and a kexec does not: .splash, .sbat ...
  std::vector<std::string> unused;
};

// kMalformed where a section that is used occurs twice, but for .dtbauto. Sections of the boot program (.text
// ...) and the .profile sections are passed over.
Result<PeResources> ReadPeResources(std::span<const PeSection> sections);

// `profile` over `base`: what it has comprehensively overrides what is there ("Multi-Profile UKIs").
PeResources Override(PeResources base, const PeResources& profile);

}  // namespace kexec
KEXEC_PUBLIC_END
