// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace kexec {

void ReserveStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // open(2) takes the lowest free descriptor: this one, as those below it are taken by now. O_PATH:
    // whatever is tried with it is EBADF, and "/" is there even where /dev/null is not.
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) open("/", O_PATH | O_DIRECTORY);
  }
}

void StandardOutput::Write(std::string_view text) {
  used_ = used_ || !text.empty();
  while (!text.empty() && error_ == 0) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) error_ = errno;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

Result<> StandardOutput::Close() {
  if (!used_) return {};
  // Not again after EINTR: Linux has closed it all the same.
  if (close(STDOUT_FILENO) != 0 && errno != EINTR && error_ == 0) error_ = errno;
  if (error_ == 0) return {};
  return FailErrno(Errc::kIo, error_, "cannot write to standard output");
}

}  // namespace kexec
