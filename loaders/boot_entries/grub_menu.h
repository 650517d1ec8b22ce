// SPDX-License-Identifier: LGPL-2.1-or-later
// The menu a grub.cfg makes: what grub-mkconfig writes is carried out as far as it decides what is booted
// (variables, if, menuentry, submenu, linux, initrd, multiboot, module, blscfg); anything else is skipped.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/boot_entries/grub_environment.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct GrubModule {
  std::string file;
  std::string arguments;

  bool operator==(const GrubModule&) const = default;
};

// Paths are as written, without the "(device)" before them: relative to the root of the file system that
// GRUB has set as its root, which is not followed.
struct GrubMenuEntry {
  enum class Kind {
    kEntry,
    kSubmenu,    // `children`
    kBlsEntries  // here the entries of loader/entries stand (blscfg)
  };
  Kind kind = Kind::kEntry;
  std::string title;
  std::string id;      // --id; empty: none
  std::string kernel;  // empty: it starts something else, or nothing
  bool multiboot = false;
  std::string options;  // of the kernel, written as GRUB hands it over
  std::vector<std::string> initrds;
  std::vector<GrubModule> modules;  // of a multiboot kernel
  std::string other;                // the command that starts no kernel: "chainloader", "fwsetup"
  std::vector<GrubMenuEntry> children;
};

// Nobody's menu is longer; bounds what is done for a damaged one.
inline constexpr size_t kMaxMenuEntries = 4096;

struct GrubMenu {
  std::vector<GrubMenuEntry> entries;
  bool cut = false;  // it has more than kMaxMenuEntries, submenus included: the rest is left out
  // As they are when the menu is shown: `default` names the entry.
  GrubVariables variables;
};

// What a grub.cfg finds around itself.
struct GrubSurroundings {
  GrubVariables environment;  // of grubenv, for load_env
  bool has_environment = false;
  bool efi = false;  // $grub_platform
};

// Errors (kMalformed): see GrubScript; or its variables expand to more than menus need (4 MiB), or are more
// than that (4096).
Result<GrubMenu> ReadGrubMenu(std::string_view text, const GrubSurroundings& surroundings);

// A file name as GRUB takes it, without a device: "(hd0,gpt2)/vmlinuz" is "/vmlinuz".
std::string GrubPath(std::string_view path);

// `text` with $name and ${name} replaced, as blscfg does with values of entry files. What would make it
// longer than 4 MiB is left out.
std::string ExpandGrubVariables(std::string_view text, const GrubVariables& variables);

// Where an entry stands: its index in `entries`, then in the children of that one, and so on.
using GrubPosition = std::vector<size_t>;

// The entry that `wanted` (a value of $default) names: for each level a number from 0, an ID or a title, with
// '>' between. Of a submenu its first entry. nullopt if nothing has that name.
std::optional<GrubPosition> FindGrubEntry(const std::vector<GrubMenuEntry>& entries, std::string_view wanted);

}  // namespace kexec
KEXEC_PUBLIC_END
