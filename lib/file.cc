// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace kexec {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.Release();
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) close(fd_);
}

int UniqueFd::Release() { return std::exchange(fd_, -1); }

namespace {

constexpr size_t kReadChunk = 1 << 20;
constexpr size_t kSmallRead = 16384;

// Reads to the end; -EFBIG when there is more than `max_bytes`, else 0 or -errno.
int ReadAll(int fd, uint64_t max_bytes, std::vector<std::byte>& out) {
  size_t used = 0;
  for (;;) {
    if (used > max_bytes) return -EFBIG;
    if (out.size() - used < 4096) out.resize(out.size() + std::max(kReadChunk, out.size() / 2));
    const ssize_t got = read(fd, out.data() + used, out.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  if (used > max_bytes) return -EFBIG;
  out.resize(used);
  return 0;
}

Result<SharedBytes> ReadStream(int fd, uint64_t max_bytes) {
  std::vector<std::byte> bytes;
  const int status = ReadAll(fd, max_bytes, bytes);
  if (status == -EFBIG) return Fail(Errc::kDoesNotFit, "is longer than the {} bytes allowed", max_bytes);
  if (status != 0) return FailErrno(Errc::kIo, -status, "cannot read");
  if (bytes.empty()) return Fail(Errc::kMalformed, "is empty");
  return SharedBytes::Own(std::move(bytes));
}

// Of our own descriptor.
Result<ImageFile> ReadImage(UniqueFd fd, const std::filesystem::path& path, uint64_t max_bytes) {
  if (!fd.valid()) return FailErrno(Errc::kIo, errno, "cannot open");
  ImageFile file;
  file.path = path;
  struct stat info = {};
  if (fstat(fd.get(), &info) != 0) return FailErrno(Errc::kIo, errno, "cannot stat");
  if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)) {
    KEXEC_ASSIGN(file.bytes, ReadStream(fd.get(), max_bytes));
    return file;
  }
  if (S_ISDIR(info.st_mode)) return Fail(Errc::kIo, "is a directory, not a file");
  if (!S_ISREG(info.st_mode)) return Fail(Errc::kIo, "is neither a regular file nor a pipe");
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size == 0) return Fail(Errc::kMalformed, "is empty");
  if (size > max_bytes) {
    return Fail(Errc::kDoesNotFit, "is {} bytes long, longer than the {} bytes allowed", size, max_bytes);
  }
  auto mapped = MappedFile::Map(fd.get(), path.string(), info);
  if (mapped.has_value()) {
    file.mapped = true;
    file.bytes = SharedBytes::Wrap(*mapped, (*mapped)->bytes());
    file.mapping = *std::move(mapped);
  } else if (mapped.error().sys_errno() == ENODEV) {  // a file of sysfs, or of a filesystem in user space
    KEXEC_ASSIGN(file.bytes, ReadStream(fd.get(), max_bytes));
  } else {
    return std::unexpected(std::move(mapped).error());
  }
  file.fd = std::move(fd);
  return file;
}

}  // namespace

Result<ImageFile> OpenImageFile(const std::filesystem::path& path, uint64_t max_bytes) {
  if (path == "-") return OpenImageDescriptor(STDIN_FILENO, path, max_bytes);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  KEXEC_ASSIGN(ImageFile file, ReadImage(std::move(fd), path, max_bytes), fmt::format("'{}'", path.string()));
  return file;
}

Result<ImageFile> OpenImageDescriptor(int fd, const std::filesystem::path& shown, uint64_t max_bytes) {
  const int mode = fcntl(fd, F_GETFL);
  if (mode >= 0 && ((mode & O_PATH) != 0 || (mode & O_ACCMODE) == O_WRONLY)) {
    return FailErrno(Errc::kIo, EBADF, "'{}': is not open for reading", shown.string());
  }
  UniqueFd own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  KEXEC_ASSIGN(ImageFile file, ReadImage(std::move(own), shown, max_bytes),
               fmt::format("'{}'", shown.string()));
  return file;
}

Result<std::string> ReadSmallFile(const UniqueFd& fd, const std::string& shown, size_t max_bytes) {
  std::string text;
  std::array<char, kSmallRead> buffer;  // most files in /proc and /sys fit, and none is read further at once
  for (;;) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno(Errc::kIo, errno, "cannot read '{}'", shown);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(got));
    if (text.size() > max_bytes) return Fail(Errc::kIo, "'{}' is longer than {} bytes", shown, max_bytes);
  }
}

}  // namespace kexec
