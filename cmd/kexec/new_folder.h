// SPDX-License-Identifier: GPL-2.0-or-later
// A folder that the caller alone can write to, and files in it, written below its descriptor: links that
// somebody plants meanwhile are never followed. For --capture, as root perhaps, into a folder of /tmp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "kexec/error.h"
#include "kexec/file.h"

namespace kexec {

class NewFolder {
 public:
  // Makes `path`, open to its owner only, or takes an empty folder there. kUsage: it is not empty, is no
  // folder, belongs to somebody else, or others may write to it.
  static Result<NewFolder> Make(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }

  // Paths are relative to the folder; what is missing above them is made. A file must not exist yet.
  Result<> MakeFolder(const std::filesystem::path& relative) const;
  Result<> WriteFile(const std::filesystem::path& relative, std::string_view contents) const;

 private:
  NewFolder(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Result<UniqueFd> Enter(const std::filesystem::path& relative) const;

  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace kexec
