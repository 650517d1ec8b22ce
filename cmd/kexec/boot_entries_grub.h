// SPDX-License-Identifier: GPL-2.0-or-later
// The menu of the grub.cfg below a root. For boot_entries.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/kexec/boot_entries.h"
#include "cmd/kexec/boot_files.h"
#include "kexec/diagnostics.h"
#include "loaders/boot_entries/grub_menu.h"

namespace kexec {

struct GrubFile {
  std::string path;   // "boot/grub/grub.cfg", relative to the root
  std::string mount;  // where its file system may be mounted: "boot"
  GrubMenu menu;
};

// The first grub.cfg that is there, with its grubenv; nullopt if there is none, or none that can be read,
// which is told.
std::optional<GrubFile> ReadGrubFile(const BootFiles& files, Diagnostics& diagnostics);

// Whether entries of loader/entries are part of the menu.
bool ListsBlsEntries(const GrubMenu& menu);

// One entry of its menu that is no submenu.
struct GrubListed {
  BootEntry entry;
  std::vector<std::string> paths;  // all ways GRUB knows it by where it stands: "1>2", "Advanced>Linux 6.1"
};

// The menu from top to bottom, submenus unfolded, `bls` where the menu says they stand, the default marked.
// Cut, which is told, where names repeat the titles of submenus to more than 16 MiB.
std::vector<GrubListed> ListGrubEntries(const GrubFile& file, std::vector<BootEntry> bls,
                                        const BootFiles& files, Diagnostics& diagnostics);

}  // namespace kexec
