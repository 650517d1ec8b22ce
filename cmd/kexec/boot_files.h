// SPDX-License-Identifier: GPL-2.0-or-later
// Files of boot menus, and files that boot menus name, below a SystemRoot. Menus know a file by its path in
// the file system that holds it, not by where that is mounted; and what a recorded machine's links point to
// is looked for in its record, never on this machine.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/error.h"
#include "kexec/system_root.h"

namespace kexec {

// No entry file of a menu, and no grubenv, is larger: a kernel's command line has some KiB.
inline constexpr size_t kMaxEntryFileBytes = size_t{64} << 10;

class BootFiles {
 public:
  explicit BootFiles(const SystemRoot& root) : root_(root) {}

  const SystemRoot& root() const { return root_; }

  // `path` below the root with every link followed there, relative; nullopt: there is nothing.
  std::optional<std::string> Resolve(std::string_view path) const;
  // A whole small file; nullopt if there is none. Errors: it cannot be read, or is larger than `max_bytes`, a
  // menu's bound being 4 MiB.
  Result<std::optional<std::string>> Read(std::string_view path, size_t max_bytes = size_t{4} << 20) const;
  // Names in a directory, sorted; none if there is no such directory.
  std::vector<std::string> List(std::string_view path) const;
  // How messages and the user name a file below the root.
  std::filesystem::path Shown(std::string_view path) const { return root_.path() / path; }

  // The file that a menu in the file system mounted at `mount` ("boot", "boot/efi") calls `path`: looked for
  // below `mount` and below the root, whichever holds the menu first. The path can be opened as it is. Errors
  // (kIo) are sentences: there is no such file, the path leads out of its file system or is longer than Linux
  // takes; or more files were looked for than menus name.
  Result<std::filesystem::path> Find(std::string_view path, std::string_view mount) const;

 private:
  bool IsMountPoint(std::string_view path) const;

  const SystemRoot& root_;
  mutable size_t finds_left_ = size_t{32} << 10;  // eight for each of 4096 entries
};

}  // namespace kexec
