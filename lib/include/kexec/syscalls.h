// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's door, as an interface so that tests stand behind it. The real one is LinuxSyscalls().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Flags of kexec_load(2), include/uapi/linux/kexec.h; the architecture sits in the upper 16 bits.
inline constexpr uint64_t kKexecOnCrash = 0x1;
inline constexpr uint64_t kKexecPreserveContext = 0x2;
inline constexpr uint64_t kKexecUpdateElfcorehdr = 0x4;
inline constexpr uint64_t kKexecCrashHotplugSupport = 0x8;
// Flags of kexec_file_load(2).
inline constexpr uint64_t kKexecFileUnload = 0x1;
inline constexpr uint64_t kKexecFileOnCrash = 0x2;
inline constexpr uint64_t kKexecFileNoInitramfs = 0x4;
inline constexpr uint64_t kKexecFileDebug = 0x8;
inline constexpr uint64_t kKexecFileNoCma = 0x10;
inline constexpr uint64_t kKexecFileForceDtb = 0x20;

// struct kexec_segment of include/uapi/linux/kexec.h.
struct RawSegment {
  const void* buf;
  size_t bufsz;
  uint64_t mem;
  size_t memsz;
};

class Syscalls {
 public:
  virtual ~Syscalls() = default;
  // Each returns 0 or the errno: the sentence is made by Explain (explain.h), which can look for the cause.
  // No segments: unload.
  virtual int KexecLoad(uint64_t entry, std::span<const RawSegment> segments, uint64_t flags) = 0;
  // `cmdline` goes without its final zero; -1 for a descriptor that is not given.
  virtual int KexecFileLoad(int kernel_fd, int initrd_fd, std::string_view cmdline, uint64_t flags) = 0;
  // LINUX_REBOOT_CMD_KEXEC: does not return when it works.
  virtual int RebootKexec() = 0;
  virtual void Sync() = 0;
};

std::unique_ptr<Syscalls> LinuxSyscalls();

}  // namespace kexec
KEXEC_PUBLIC_END
