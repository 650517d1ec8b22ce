// SPDX-License-Identifier: LGPL-2.1-or-later
// Boot menu entries of type 1 by UAPI.1, "Boot Loader Specification": one small text file each,
// loader/entries/NAME.conf. And what names of such files and of unified kernel images say: their boot
// counting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// The file as it is: paths are relative to the root of the file system that holds it, with or without a '/'.
struct BlsEntry {
  std::string title;
  std::string version;
  std::string machine_id;
  std::string sort_key;
  std::string kernel;                  // linux
  std::vector<std::string> initrds;    // each initrd line, in order; GRUB takes several files in one
  std::string efi;                     // an EFI program
  std::string uki;                     // a unified kernel image, instead of `kernel`
  std::string uki_url;                 // one that is to be fetched
  std::optional<std::string> profile;  // of that image
  std::string options;                 // all options lines, joined with a blank
  std::string devicetree;
  std::string architecture;  // "x64": as EFI names it, in any case of letters; empty: every

  bool operator==(const BlsEntry&) const = default;
};

// Never fails: lines without a known key are skipped, and of a repeated key that is no list the last counts.
BlsEntry ParseBlsEntry(std::string_view text);

// "debian-6.1+2-1.conf" is the entry "debian-6.1.conf", to be tried twice more after one failure.
struct CountedName {
  std::string id;                      // without the counters, with the suffix
  std::optional<uint64_t> tries_left;  // nullopt: not counted
  uint64_t tries_done = 0;
  bool bad() const { return tries_left == 0u; }
};
// Nullopt if `file_name` does not end in `suffix` (".conf", ".efi"; letters in any case), or is nothing else.
std::optional<CountedName> ParseEntryName(std::string_view file_name, std::string_view suffix);

// What an entry's place in the menu depends on.
struct EntryRank {
  bool bad = false;
  std::string sort_key;
  std::string machine_id;
  std::string version;
  std::string id;
};
// Whether `a` stands above `b` in the menu (UAPI.1, "Sorting"). A strict weak order.
bool RanksAbove(const EntryRank& a, const EntryRank& b);

// systemd-boot's loader/loader.conf: the pattern of its last "default" line; "" if it has none.
std::string DefaultPattern(std::string_view loader_conf);

}  // namespace kexec
KEXEC_PUBLIC_END
