// SPDX-License-Identifier: LGPL-2.1-or-later
// Files in: descriptors that close themselves, whole small text files, and images, which are mapped, not
// read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/mapped_file.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release();

 private:
  int fd_ = -1;
};

// An image as it was opened: its bytes and, for a regular file, the descriptor kexec_file_load wants (IMA and
// signatures belong to that very file).
struct ImageFile {
  std::filesystem::path path;                 // as the user wrote it; "-" is standard input
  UniqueFd fd;                                // invalid when the bytes came from a pipe
  SharedBytes bytes;                          // a read-only private mapping, or our own buffer for a pipe
  bool mapped = false;                        // true: bytes cost no private memory
  std::shared_ptr<const MappedFile> mapping;  // of the file as it is, whatever is made of `bytes`; null: none
};

// Opens `path` (O_CLOEXEC, relative to the working directory, symlinks followed) and maps it; what cannot be
// mapped (a file of sysfs), a pipe, a FIFO or "-" is read to its end instead. Refuses directories, devices,
// empty files and anything above `max_bytes`. Other programs may cut the file short while it is mapped:
// whoever reads the bytes has a FileWatch.
Result<ImageFile> OpenImageFile(const std::filesystem::path& path, uint64_t max_bytes);
// The same of an open descriptor, which stays the caller's; messages name it `shown`.
Result<ImageFile> OpenImageDescriptor(int fd, const std::filesystem::path& shown, uint64_t max_bytes);

// The rest of a small file (/proc, /sys, configuration), at most `max_bytes`; messages name it `shown`.
Result<std::string> ReadSmallFile(const UniqueFd& fd, const std::string& shown, size_t max_bytes = 64 << 20);

}  // namespace kexec
KEXEC_PUBLIC_END
