// SPDX-License-Identifier: LGPL-2.1-or-later
// What a crash kernel is told on its command line, behind what the user gave it.
#pragma once

#include <cstdint>
#include <string>

#include "kexec/memory_map.h"
#include "kexec/phys.h"

namespace kexec {

// " elfcorehdr=949620K": where the core headers are (Documentation/admin-guide/kernel-parameters.txt).
// `address` is page aligned.
std::string ElfcorehdrParameter(PhysAddr address);

// " acpi_rsdp=0xf59e0".
std::string AcpiRsdpParameter(uint64_t address);

// " memmap=exactmap memmap=640K@4K memmap=4K$0K ...": the whole memory map as parameters. Whole KiB are told,
// RAM rounded inward and everything else outward. Special-purpose memory has no sign and counts as reserved.
std::string MemmapParameters(const MemoryMap& map);

}  // namespace kexec
