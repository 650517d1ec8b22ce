// SPDX-License-Identifier: LGPL-2.1-or-later
// Files that are mapped, not read, while other programs may write to them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

struct stat;

KEXEC_PUBLIC_BEGIN
namespace kexec {

class BusFaultGuard;
class FaultRegion;
class FileState;

// A read-only private mapping of a whole file. Reading a part that the file has lost meanwhile is SIGBUS,
// unless there is a FileWatch: then it reads as zeros.
class MappedFile {
 public:
  // `info` is what fstat(2) says of `fd`, which stays the caller's; messages name the file `name`. kIo: it
  // cannot be mapped (ENODEV: a file of sysfs, or of a filesystem in user space).
  static Result<std::shared_ptr<const MappedFile>> Map(int fd, std::string name, const struct stat& info);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  Bytes bytes() const { return bytes_; }

 private:
  friend class FileWatch;
  MappedFile() = default;

  Bytes bytes_;
  FaultRegion* region_ = nullptr;
  std::shared_ptr<FileState> state_;
};

// For the time of one operation on files: mapped files that shrink do no harm while there is one, in any
// thread, and this one knows afterwards. It belongs to the thread that makes it; at its end the process's
// action for SIGBUS and the thread's mask are what they were before.
class FileWatch {
 public:
  FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;
  ~FileWatch();

  // Watches a file that was mapped before, too.
  void Include(const std::shared_ptr<const MappedFile>& file);
  // Of the files this thread has mapped since, also those that are closed again: kIo in a sentence for the
  // first that was shorter when it was read than when it was opened, or could not be read. What was made of
  // it is worth nothing then.
  Result<> Intact() const;
  // As Intact, and none of them was written to at all.
  Result<> Unchanged() const;

 private:
  friend class MappedFile;

  FileWatch* outer_;
  std::unique_ptr<BusFaultGuard> guard_;
  std::vector<std::shared_ptr<const FileState>> files_;
};

}  // namespace kexec
KEXEC_PUBLIC_END
