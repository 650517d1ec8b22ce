// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/sys/openat2.h"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace kexec {

int CallOpenat2(int folder, const char* path, int flags, mode_t mode, uint64_t resolve) {
#ifdef SYS_openat2
  open_how how = {};
  how.flags = static_cast<unsigned>(flags);
  how.mode = mode;
  how.resolve = resolve;
  const long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
  return fd < 0 ? -errno : static_cast<int>(fd);
#else
  return -ENOSYS;
#endif
}

}  // namespace kexec
