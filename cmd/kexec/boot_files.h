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

class BootFiles {
 public:
  explicit BootFiles(const SystemRoot& root) : root_(root) {}

  const SystemRoot& root() const { return root_; }

  // `path` below the root with every link followed there, relative; nullopt: there is nothing.
  std::optional<std::string> Resolve(std::string_view path) const;
  // A whole small file; nullopt if there is none. Errors: it cannot be read, or is larger than menus are
  // (4 MiB).
  Result<std::optional<std::string>> Read(std::string_view path) const;
  // Names in a directory, sorted; none if there is no such directory.
  std::vector<std::string> List(std::string_view path) const;
  // How messages and the user name a file below the root.
  std::filesystem::path Shown(std::string_view path) const { return root_.path() / path; }

  // The file that a menu in the file system mounted at `mount` ("boot", "boot/efi") calls `path`: looked for
  // below `mount` and below the root, whichever holds the menu first. The path can be opened as it is. Errors
  // (kIo) are sentences: there is no such file, or the path leads out of its file system.
  Result<std::filesystem::path> Find(std::string_view path, std::string_view mount) const;

 private:
  bool IsMountPoint(std::string_view path) const;

  const SystemRoot& root_;
};

}  // namespace kexec
