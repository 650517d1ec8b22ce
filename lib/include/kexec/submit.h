// SPDX-License-Identifier: LGPL-2.1-or-later
// The last of the four verbs, and what goes with it: unload, execute, and what is loaded now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/plan.h"
#include "kexec/syscalls.h"
#include "kexec/system_root.h"
#include "kexec/validate.h"

namespace KEXEC_PUBLIC kexec {

// A refusal by the kernel: Errc::kSyscall, sys_errno() as returned, the message with the probable cause (explain.h).

// `flags`: the architecture (upper 16 bits) and what the caller adds; KEXEC_ON_CRASH comes from the plan.
Result<> Submit(const ValidatedImage& image, Syscalls& kernel, const SystemRoot& root, uint64_t flags);

struct FileLoad {
  LoadKind kind = LoadKind::kNormal;
  int kernel_fd = -1;
  int initrd_fd = -1;  // -1: none (KEXEC_FILE_NO_INITRAMFS is added)
  std::string command_line;
  uint64_t flags = 0;  // KEXEC_FILE_DEBUG, KEXEC_FILE_NO_CMA, KEXEC_FILE_FORCE_DTB
};
Result<> SubmitFile(const FileLoad& load, Syscalls& kernel, const SystemRoot& root);

// Through whichever call can succeed (kexec_file_load also works under lockdown). Nothing loaded is success.
Result<> Unload(LoadKind kind, Syscalls& kernel, const SystemRoot& root, uint64_t arch_flag);

// reboot(LINUX_REBOOT_CMD_KEXEC). Returns only on failure.
Result<> Execute(Syscalls& kernel, const SystemRoot& root);

// /sys/kernel/kexec_loaded or kexec_crash_loaded (also under /sys/kernel/kexec/); an error says why that is unknown.
Result<bool> IsLoaded(LoadKind kind, const SystemRoot& root);

}  // namespace kexec
