// SPDX-License-Identifier: LGPL-2.1-or-later
// The little a BIOS leaves in low memory, for kernels that look there on a machine whose firmware is none.
//
// Xen takes the size of low memory from the BIOS data area (or, if smaller, from its boot loader), and every
// kernel that is not told of EFI looks for the ACPI root pointer in the extended one. After a UEFI firmware
// both are zero, and Xen puts its trampoline below address 0.
//
//   0x400 BIOS data area: 0x40e EBDA, 0x413 KiB    a page below 640 KiB: EBDA, root pointer | copy for 0x400
//   (copied by purgatory: the running kernel keeps page 0 to itself)
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "arch/x86_64/x86_facts.h"
#include "kexec/bytes.h"
#include "kexec/phys.h"

namespace kexec {

struct BiosData {
  PageRange page;                   // the extended BIOS data area
  std::vector<std::byte> contents;  // of it, from its begin on
  PhysRange source;                 // inside it: what page 0 is to begin with
};

// nullopt where there is a BIOS data area already, or no free page for one. `root_pointer`: ACPI's, may be
// empty.
std::optional<BiosData> MakeBiosData(const X86Facts& facts, Bytes root_pointer);

// `map` with `page` reserved.
MemoryMap WithReserved(const MemoryMap& map, const PageRange& page);

}  // namespace kexec
