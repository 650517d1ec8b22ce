// SPDX-License-Identifier: GPL-2.0-or-later
// Boot entries of types 1 and 2 (UAPI.1) below a root, as BootEntry values. For boot_entries.cc.
#pragma once

#include <vector>

#include "cmd/kexec/boot_entries.h"
#include "cmd/kexec/boot_files.h"
#include "kexec/diagnostics.h"
#include "loaders/boot_entries/bls_entry.h"
#include "loaders/boot_entries/grub_environment.h"

namespace kexec {

struct RankedEntry {
  BootEntry entry;
  EntryRank rank;
};

// loader/entries/*.conf below /boot, /efi and /boot/efi, unsorted; of two with one ID the first, and none for
// other machines. With `variables` their values may name variables of GRUB, and an initrd line several files,
// as GRUB has it. What is beyond kMaxMenuEntries, or 16 MiB of expanded values, is left out, which is told.
std::vector<RankedEntry> ReadType1Entries(const BootFiles& files, const GrubVariables* variables,
                                          Diagnostics& diagnostics);

// EFI/Linux/*.efi in the same places; an image with profiles is one entry for each. At most kMaxMenuEntries.
std::vector<RankedEntry> ReadType2Entries(const BootFiles& files, Diagnostics& diagnostics);

// Where systemd-boot would find its own things, relative to the root; the menus' mount points.
std::vector<std::string> BootMounts();

}  // namespace kexec
