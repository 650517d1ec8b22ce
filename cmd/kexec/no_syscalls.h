// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's door, walled up: what a dry run holds instead of LinuxSyscalls(), so that no mistake elsewhere
// can load or execute anything.
#pragma once

#include <cerrno>

#include "kexec/syscalls.h"

namespace kexec {

class NoSyscalls final : public Syscalls {
 public:
  int KexecLoad(uint64_t, std::span<const RawSegment>, uint64_t) override { return EPERM; }
  int KexecFileLoad(int, int, std::string_view, uint64_t) override { return EPERM; }
  int RebootKexec() override { return EPERM; }
  void Sync() override {}
};

}  // namespace kexec
