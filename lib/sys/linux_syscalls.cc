// SPDX-License-Identifier: LGPL-2.1-or-later
// The calls that start kernels. Only files of this folder call syscall(2) and reboot(2).
#include <linux/reboot.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "kexec/syscalls.h"

namespace kexec {
namespace {

// struct kexec_segment of include/uapi/linux/kexec.h: four words of the machine.
struct KernelSegment {
  const void* buf;
  size_t bufsz;
  const void* mem;
  size_t memsz;
};

// errno of `call`, asked again while a signal interrupts it.
template <class Call>
int ErrnoOf(Call call) {
  for (;;) {
    if (call() == 0) return 0;
    if (errno != EINTR) return errno;
  }
}

class RealSyscalls final : public Syscalls {
 public:
  int KexecLoad(uint64_t entry, std::span<const RawSegment> segments, uint64_t flags) override {
#ifdef SYS_kexec_load
    std::vector<KernelSegment> list;
    for (const RawSegment& segment : segments) {
      // An address of physical memory, which the interface spells as a pointer.
      list.push_back({segment.buf, segment.bufsz, reinterpret_cast<const void*>(segment.mem), segment.memsz});
    }
    return ErrnoOf([&] { return syscall(SYS_kexec_load, entry, list.size(), list.data(), flags); });
#else
    return ENOSYS;
#endif
  }

  int KexecFileLoad(int kernel_fd, int initrd_fd, std::string_view cmdline, uint64_t flags) override {
#ifdef SYS_kexec_file_load
    const std::string terminated(cmdline);  // the length counts the final zero
    return ErrnoOf([&] {
      return syscall(SYS_kexec_file_load, kernel_fd, initrd_fd, terminated.size() + 1, terminated.c_str(),
                     flags);
    });
#else
    return ENOSYS;
#endif
  }

  int RebootKexec() override { return reboot(static_cast<int>(LINUX_REBOOT_CMD_KEXEC)) == 0 ? 0 : errno; }

  void Sync() override { sync(); }
};

}  // namespace

std::unique_ptr<Syscalls> LinuxSyscalls() { return std::make_unique<RealSyscalls>(); }

}  // namespace kexec
