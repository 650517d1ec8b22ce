// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/new_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <expected>
#include <memory>

#include "kexec/open_below.h"

namespace kexec {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNameAnother = "name one that does not exist yet";

// Whether the folder holds nothing, or errno.
std::expected<bool, int> IsEmpty(const UniqueFd& folder) {
  Opened again = OpenBelow(folder.get(), ".", {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC});
  if (!again) return std::unexpected(again.error());
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(again->Release()), closedir);
  if (entries == nullptr) return std::unexpected(errno);
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

// That nobody but the caller and root can put anything into the folder.
Result<> CheckOwner(const UniqueFd& folder, const fs::path& path) {
  struct stat info = {};
  if (fstat(folder.get(), &info) != 0) return FailErrno(Errc::kIo, errno, "cannot stat '{}'", path.string());
  if (info.st_uid != geteuid()) {
    return Fail(
        Errc::kUsage,
        "'{}' belongs to user {}, not to user {}, who runs this: its owner could exchange files while "
        "they are written; {}",
        path.string(), info.st_uid, geteuid(), kNameAnother);
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(
        Errc::kUsage,
        "others may write to '{}' (mode {:04o}): they could exchange files while they are written; {}",
        path.string(), info.st_mode & 07777, kNameAnother);
  }
  return {};
}

Result<> WriteAll(const UniqueFd& fd, std::string_view contents, const fs::path& shown) {
  while (!contents.empty()) {
    const ssize_t written = write(fd.get(), contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailErrno(Errc::kIo, errno, "cannot write '{}'", shown.string());
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<NewFolder> NewFolder::Make(const fs::path& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return FailErrno(Errc::kIo, errno, "cannot make directory '{}'", path.string());
  }
  // From here on it is this folder, whatever its name comes to mean.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() && errno != ENOTDIR) {
    return FailErrno(Errc::kIo, errno, "cannot open directory '{}'", path.string());
  }
  if (fd.valid()) KEXEC_TRY(CheckOwner(fd, path));
  const std::expected<bool, int> empty = fd.valid() ? IsEmpty(fd) : false;
  if (!empty) return FailErrno(Errc::kIo, empty.error(), "cannot look into '{}'", path.string());
  if (*empty) return NewFolder(path, std::move(fd));
  return Fail(Errc::kUsage, "'{}' is not an empty directory; {}", path.string(), kNameAnother);
}

// `relative` below the folder, made where it is missing.
Result<UniqueFd> NewFolder::Enter(const fs::path& relative) const {
  UniqueFd here(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  fs::path shown = path_;
  for (const fs::path& name : relative) {
    shown /= name;
    if (mkdirat(here.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
      return FailErrno(Errc::kIo, errno, "cannot make '{}'", shown.string());
    }
    Opened next = OpenBelow(here.get(), name.string(),
                            {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .links = LinkRule::kNone});
    if (!next) return FailErrno(Errc::kIo, next.error(), "cannot make '{}'", shown.string());
    here = *std::move(next);
  }
  return here;
}

Result<> NewFolder::MakeFolder(const fs::path& relative) const {
  KEXEC_TRY(Enter(relative));
  return {};
}

Result<> NewFolder::WriteFile(const fs::path& relative, std::string_view contents) const {
  KEXEC_ASSIGN(const UniqueFd folder, Enter(relative.parent_path()));
  const fs::path shown = path_ / relative;
  const Opened file =
      OpenBelow(folder.get(), relative.filename().string(),
                {.flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, .mode = 0600, .links = LinkRule::kNone});
  if (!file) return FailErrno(Errc::kIo, file.error(), "cannot write '{}'", shown.string());
  return WriteAll(*file, contents, shown);
}

}  // namespace kexec
