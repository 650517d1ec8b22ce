// SPDX-License-Identifier: GPL-2.0-or-later
// What the boot menus of this system could start, read from the files of systemd-boot and GRUB: entries of
// the Boot Loader Specification (UAPI.1), types 1 and 2, and grub.cfg. Reads only; the answer is the same for
// a recorded root. Called for --boot-entry (load_request.h) and --list-boot-entries.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/system_root.h"

namespace kexec {

// All paths can be opened as they are: they begin with the root's own path.
struct BootEntry {
  std::string id;       // no other entry of the list has it, e.g. "debian-6.1.conf", "linux.efi@debug"
  std::string title;    // for people; not empty, may be there twice
  std::string version;  // "" if the entry does not tell
  std::filesystem::path source;                // the file that defines the entry; of type 2 the image itself
  std::filesystem::path kernel;                // empty only with a `problem`
  std::vector<std::filesystem::path> initrds;  // in order
  std::vector<std::string> modules;  // of a multiboot kernel: "FILE ARGUMENTS", as --module takes them
  std::string options;               // the kernel's command line; of a UKI, if not empty, instead of its own
  std::optional<std::string> profile;  // of a UKI, as --profile takes it; nullopt: its default
  bool is_uki = false;                 // `kernel` is a unified kernel image
  bool is_stale = false;               // systemd-boot hides it: what it starts is not there
  bool is_default = false;             // what the boot menu starts when nobody touches it
  std::string problem;                 // why it cannot be loaded, as a sentence; empty: it can

  bool operator==(const BootEntry&) const = default;
};

// All entries, those of the boot loader in charge first, in the order of its menu; at most one is the
// default. Empty if there are no menus. What cannot be read is told to `diagnostics` and left out.
std::vector<BootEntry> ListBootEntries(const SystemRoot& root, Diagnostics& diagnostics);

// Where was looked for menus, to be said where there are none.
std::string SearchedPlaces(const SystemRoot& root);

// One that can be loaded. `id` is "default", an entry's ID (its ".conf" or ".efi" may be left out), its
// number in the list, counted from 1, or its title: the whole of it, or the beginning if only one begins so.
// Errors (kUsage): there is no such entry, several, or it has a problem; the IDs that there are follow.
Result<BootEntry> FindBootEntry(const SystemRoot& root, std::string_view id, Diagnostics& diagnostics);

}  // namespace kexec
