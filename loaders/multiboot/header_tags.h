// SPDX-License-Identifier: LGPL-2.1-or-later
// The tags of a Multiboot 2 header (Multiboot 2 Specification 2.0, 3.1.3 to 3.1.13).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"
#include "loaders/multiboot/multiboot.h"
#include "loaders/multiboot/pieces.h"

namespace kexec {

struct Multiboot2Tags {
  std::vector<uint32_t> requested;  // types of information tags
  std::optional<MultibootAddresses> addresses;
  std::optional<PhysAddr> entry;
  std::optional<MultibootRelocation> relocation;
  bool page_aligned_modules = false;
  bool uses_framebuffer = false;
  bool uses_ega_text = false;
  bool needs_console = false;
};

// `tags`: the header's bytes behind its magic fields. kUnsupported for a tag without the optional flag that
// the specification does not know or that wants boot services; an optional one is left out with a note.
Result<Multiboot2Tags> ParseMultiboot2Tags(Bytes tags, Diagnostics& diagnostics);

// What an information tag of this type holds: "the memory map". Empty for a type the specification does not
// know.
std::string_view Multiboot2InformationName(uint32_t type);

}  // namespace kexec
