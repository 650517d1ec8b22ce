// SPDX-License-Identifier: LGPL-2.1-or-later
// What a kexec'd kernel needs to call the EFI runtime services again. The running kernel has fixed their
// virtual addresses (SetVirtualAddressMap works once per boot), so the next one must use the same map:
// /sys/firmware/efi.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/x86_64/boot_params.h"
#include "kexec/diagnostics.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

namespace kexec {

struct EfiFacts {
  uint64_t systab = 0;  // physical address of the EFI system table
  EfiSetupData setup;
  std::vector<EfiMemoryDescriptor> runtime_map;  // in the order of the running kernel
};

// nullopt, with a note why, where there is no EFI or its facts are incomplete (efi=noruntime, a 32-bit
// firmware, no boot_params): the new kernel then runs without EFI runtime services.
std::optional<EfiFacts> ReadEfi(const SystemRoot& root, const std::optional<BootParams>& running,
                                Diagnostics& diagnostics);

// Physical address of the ACPI root pointer: as the running kernel was told, otherwise as EFI names it
// ("ACPI20=", "ACPI=" in /sys/firmware/efi/systab). 0: unknown, the kernel searches low memory for it.
uint64_t ReadAcpiRsdp(const SystemRoot& root, const std::optional<BootParams>& running);

// The memory runtime_map speaks of.
std::vector<PhysRange> RuntimeRanges(const EfiFacts& efi);

}  // namespace kexec
