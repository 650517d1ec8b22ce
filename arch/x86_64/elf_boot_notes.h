// SPDX-License-Identifier: LGPL-2.1-or-later
// ELF boot notes: what a boot loader tells an ELF image in the form of ELF notes (the "ELF Boot Proposal";
// coreboot and FILO, elf_boot.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kexec {

inline constexpr uint32_t kElfBootNotesMagic = 0x0e1fb007;  // ELF_BHDR_MAGIC, in memory and in %eax

// Position-independent; with a checksum.
std::vector<std::byte> MakeElfBootNotes(std::string_view loader_version, std::string_view command_line);

}  // namespace kexec
