// SPDX-License-Identifier: LGPL-2.1-or-later
// Tables the firmware left in memory, as bytes: for kernels that are handed copies of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

// The ACPI root pointer (ACPI specification 6.5, 5.2.5.3): 20 bytes of ACPI 1.0, or as many as its length
// field says. `address`: where it is, or 0 to search where a PC's BIOS puts it (5.2.5.1: the first KiB of the
// EBDA, 0xe0000 to 0xfffff). Read from dev/mem below `root`; a recorded machine may have a sparse file there.
// Fails where that cannot be read (lockdown, CONFIG_IO_STRICT_DEVMEM) or holds no root pointer with a right
// checksum.
Result<std::vector<std::byte>> ReadAcpiRootPointer(const std::filesystem::path& root, uint64_t address);

// As many of `size` bytes of physical memory at `address` as there are, by dev/mem below `root`.
Result<std::vector<std::byte>> ReadMemory(const std::filesystem::path& root, uint64_t address, size_t size);

// Pure. Whether `bytes` begin with a root pointer with a right checksum; its length, or nullopt. Needs 36
// bytes to tell the length of one of ACPI 2.0 or later.
std::optional<size_t> RootPointerLength(Bytes bytes);

struct SmbiosTables {
  uint8_t major = 0, minor = 0;
  std::vector<std::byte> structures;  // the structure table (DSP0134, 5.2), at any address
};

// From sys/firmware/dmi/tables below `root`. nullopt, with a note, where that is not there, not readable or
// no SMBIOS entry point.
std::optional<SmbiosTables> ReadSmbios(const std::filesystem::path& root, Diagnostics& diagnostics);

}  // namespace kexec
