// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/kernel_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "kexec/system_root.h"

namespace kexec {
namespace {

constexpr size_t kMostLog = 16 << 20;
constexpr size_t kMostRecord = 64 << 10;  // more than any: a read of less than a record fails

}  // namespace

Result<std::string> ReadKernelLog(const std::filesystem::path& root) {
  const std::string path = (root / "dev/kmsg").string();
  KEXEC_ASSIGN(const SystemRoot machine, SystemRoot::Open(root));
  KEXEC_ASSIGN(const UniqueFd fd, machine.OpenDevice("dev/kmsg"));
  std::string log;
  std::vector<char> buffer(kMostRecord);
  while (log.size() < kMostLog) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EPIPE)) continue;  // EPIPE: records were overwritten meanwhile
    if (got < 0 && errno != EAGAIN) return FailErrno(Errc::kIo, errno, "cannot read '{}'", path);
    if (got <= 0) break;
    log.append(buffer.data(), static_cast<size_t>(got));
  }
  return log;
}

}  // namespace kexec
