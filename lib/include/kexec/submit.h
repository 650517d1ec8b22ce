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

KEXEC_PUBLIC_BEGIN
namespace kexec {

// A refusal by the kernel: Errc::kSyscall, sys_errno() as returned, the message with the probable cause
// (explain.h).

// Hands the plan to kexec_load: the bytes are copied by the kernel, straight from the segments' contents.
// `flags`: the architecture (upper 16 bits) and what the caller adds; KEXEC_ON_CRASH and the plan's own flags
// come from the plan.
Result<> Submit(const ValidatedImage& image, Syscalls& kernel, const SystemRoot& root, uint64_t flags);

struct FileLoad {
  LoadKind kind = LoadKind::kNormal;
  int kernel_fd = -1;
  int initrd_fd = -1;  // -1: none (KEXEC_FILE_NO_INITRAMFS is added)
  std::string command_line;
  uint64_t flags = 0;  // KEXEC_FILE_DEBUG, KEXEC_FILE_NO_CMA, KEXEC_FILE_FORCE_DTB
  uint64_t bytes = 0;  // of kernel and initrd, for messages about memory; 0: unknown
};
// Hands the files themselves to kexec_file_load. The descriptors stay the caller's.
Result<> SubmitFile(const FileLoad& load, Syscalls& kernel, const SystemRoot& root);

// True for refusals of kexec_file_load that kexec_load need not share: the call or the image format is
// missing in the running kernel, or its own placement found no room.
bool FallbackMayHelp(int sys_errno);

// Through whichever call can succeed: kexec_file_load, which lockdown allows, then kexec_load where the
// kernel has only that. Nothing loaded is success, and costs no call where sysfs says so. `arch_flag`:
// Machine::arch_flag().
Result<> Unload(LoadKind kind, Syscalls& kernel, const SystemRoot& root, uint64_t arch_flag);

// reboot(LINUX_REBOOT_CMD_KEXEC): at once, without stopping anything or syncing; success returns only from a
// fake. Nothing loaded: kUsage with the text scripts know, "Nothing has been loaded!".
Result<> Execute(Syscalls& kernel, const SystemRoot& root);

// The live update that is loaded in Xen: it is under way when this returns.
Result<> ExecuteLiveUpdate(Syscalls& kernel, const SystemRoot& root);

// What sysfs says: /sys/kernel/kexec_loaded or kexec_crash_loaded, or loaded and crash_loaded in
// /sys/kernel/kexec/. In Xen's first domain what Xen says. kUnsupported: the kernel has no such file, Xen no
// such call.
Result<bool> IsLoaded(LoadKind kind, const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
