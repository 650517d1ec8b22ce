// SPDX-License-Identifier: LGPL-2.1-or-later
// What a Multiboot kernel is told, and the two structures it can be told in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/boot_params.h"
#include "arch/x86_64/firmware_tables.h"
#include "arch/x86_64/multiboot_screen.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"

namespace kexec {

// In %eax at the kernel's entry; %ebx is the address of the information.
inline constexpr uint32_t kMultiboot1Loaded = 0x2badb002;  // Multiboot 0.6.96, 3.2
inline constexpr uint32_t kMultiboot2Loaded = 0x36d76289;  // Multiboot 2.0, 3.3

// Everything but addresses.
struct MultibootInformation {
  std::string command_line;  // begins with the kernel's file name, as with every loader but GRUB 2
  std::string loader_name;
  uint32_t lower_kib = 0;  // RAM from 0 to the first hole, at most 640
  uint32_t upper_kib = 0;  // RAM from 1 MiB to the first hole
  std::vector<E820Entry> memory_map;
  std::vector<std::string> modules;  // their command lines
  std::optional<MultibootScreen> screen;
  // Multiboot 2 only.
  std::vector<std::byte> acpi_root_pointer;  // empty: none
  std::optional<SmbiosTables> smbios;
  uint64_t efi_system_table = 0;  // 0: not told
};

// What Place decides.
struct MultibootPlaces {
  PhysAddr information;
  std::vector<PhysRange> modules;     // as many as MultibootInformation::modules, below 4 GiB
  std::optional<PhysAddr> load_base;  // of a multiboot 2 kernel that may be moved; below 4 GiB
};

// The machine's ACPI root pointer: from memory, or made again from the kernel's log. Empty, with a note, if
// neither has it.
std::vector<std::byte> FindAcpiRootPointer(const X86Facts& facts, Diagnostics& diagnostics);

// kUnsupported where the kernel needs a screen and none is known. SMBIOS tables that cannot be read are left
// out, with a note.
Result<MultibootInformation> GatherMultibootInformation(const X86Facts& facts, const BootInputs& inputs,
                                                        std::vector<std::byte> acpi_root_pointer,
                                                        Diagnostics& diagnostics);

// Pure. The bytes to lie at places.information; how many does not depend on the places.
std::vector<std::byte> WriteMultiboot1(const MultibootInformation& information,
                                       const MultibootPlaces& places);
std::vector<std::byte> WriteMultiboot2(const MultibootInformation& information,
                                       const MultibootPlaces& places);

}  // namespace kexec
