// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace kexec {
namespace {

// include/uapi/linux/memfd.h, since Linux 6.3; older C libraries do not have it.
constexpr unsigned kNoExecSeal = 0x8;
constexpr uint64_t kArchiveAlignment = 4;

UniqueFd CreateMemoryFile(const char* name) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC | kNoExecSeal));
  if (!fd.valid() && errno == EINVAL) fd = UniqueFd(memfd_create(name, MFD_CLOEXEC));
  return fd;
}

// 0 or errno.
int WriteAll(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace

Result<UniqueFd> MakeMemoryFile(const char* name, std::span<const Bytes> parts) {
  UniqueFd fd = CreateMemoryFile(name);
  if (!fd.valid()) return FailErrno(Errc::kIo, errno, "cannot make a file in memory for the {}", name);
  static constexpr std::byte kZeros[kArchiveAlignment] = {};
  uint64_t used = 0;
  for (const Bytes part : parts) {
    const uint64_t padding = (kArchiveAlignment - used % kArchiveAlignment) % kArchiveAlignment;
    int error = WriteAll(fd.get(), Bytes(kZeros, padding));
    if (error == 0) error = WriteAll(fd.get(), part);
    if (error != 0)
      return FailErrno(Errc::kIo, error, "cannot keep {} bytes of the {} in memory", part.size(), name);
    used = (used + padding + part.size()) % kArchiveAlignment;
  }
  return fd;
}

}  // namespace kexec
