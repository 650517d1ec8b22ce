// SPDX-License-Identifier: GPL-2.0-or-later
// A made-up machine: a temporary directory with proc/... and sys/..., gone with the object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "kexec/bytes.h"
#include "kexec/system_root.h"

namespace kexec::testing {

class ScratchRoot {
 public:
  ScratchRoot();
  ScratchRoot(const ScratchRoot&) = delete;
  ScratchRoot& operator=(const ScratchRoot&) = delete;
  ~ScratchRoot();

  // Writes a file, making its folders. Paths are relative: "proc/iomem".
  ScratchRoot& File(std::string_view path, std::string_view contents);
  ScratchRoot& File(std::string_view path, Bytes contents);
  ScratchRoot& Folder(std::string_view path);
  ScratchRoot& Remove(std::string_view path);
  // The next entry of sys/firmware/memmap; `last` is the last byte.
  ScratchRoot& FirmwareMemory(uint64_t first, uint64_t last, std::string_view type);
  // Copies a recorded machine (a folder of files and folders) to `path`.
  ScratchRoot& CopyFrom(const std::filesystem::path& recorded, std::string_view path);

  const std::filesystem::path& path() const { return path_; }
  SystemRoot root() const;

 private:
  std::filesystem::path path_;
  int memmap_entries_ = 0;
};

}  // namespace kexec::testing
