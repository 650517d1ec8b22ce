// SPDX-License-Identifier: LGPL-2.1-or-later
// kexec in Xen's first domain: the kernels that Xen itself keeps and jumps to (xen/include/public/kexec.h),
// and what it tells about the machine. Works through any Privcmd.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/plan.h"
#include "kexec/privcmd.h"
#include "kexec/syscalls.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// KEXEC_TYPE_*; the last one is not in Xen's own tree, but in those of its users (as kexec-tools has it).
enum class XenImage : uint8_t { kDefault = 0, kCrash = 1, kLiveUpdate = 2 };

// KEXEC_SEGMENT_MAX of xen/include/xen/kimage.h is 16, and Xen takes fewer than that (kexec_load in
// xen/common/kexec.c).
inline constexpr size_t kXenMaxSegments = 15;

// What Xen answers to "status" is not whether a kernel is loaded, but which of two places the last call chose
// (kexec_status and kexec_swap_images in xen/common/kexec.c): each load and each unload changes it. So
// XenLoad unloads first where it is 1, and XenUnload unloads once more where that leaves 1: then 1 is
// "loaded". After another program's second load without an unload 0 may be so, too.

// 0 or an errno. Between the segments, what is left of the first MiB is added, so that the image finds it
// mapped: Xen maps nothing else than segments. No segments: an EINVAL of Xen's.
int XenLoad(XenImage image, uint16_t elf_machine, uint64_t entry, std::span<const RawSegment> segments,
            Privcmd& privcmd);
int XenUnload(XenImage image, Privcmd& privcmd);
// Returns 0 only for a live update, which is then under way.
int XenExecute(XenImage image, Privcmd& privcmd);
Result<bool> XenStatus(XenImage image, Privcmd& privcmd);

// The machine's memory and what Xen keeps where, as lines of /proc/iomem: the machine's own memory map with
// the kernel's names, "Crash kernel", and the names below. The first domain's own /proc/iomem shows what Xen
// lends it.
inline constexpr std::string_view kXenItself = "Xen";
inline constexpr std::string_view kXenCpuNotes = "Xen CPU notes";  // one line a CPU
inline constexpr std::string_view kXenVmcoreinfo = "Xen vmcoreinfo";
inline constexpr std::string_view kXenLiveUpdate = "Xen live update";
Result<std::string> AskXenIomem(Privcmd& privcmd);
// The same of the machine behind `root`: asked, or as it was recorded in this file.
inline constexpr std::string_view kXenIomemRecord = "dev/xen/iomem";
Result<std::string> ReadXenIomem(const SystemRoot& root);

// Whether Xen here holds a kernel of this kind, and the file of a recorded machine that says so.
Result<bool> AskXenLoaded(LoadKind kind);
std::string_view XenLoadedRecord(LoadKind kind);

// Xen's calls in place of the kernel's. `normal` is what a load that is none for a crash loads, and what
// RebootKexec starts. KexecFileLoad answers ENOSYS: Xen has no such call.
std::unique_ptr<Syscalls> XenSyscalls(std::unique_ptr<Privcmd> privcmd, XenImage normal);

}  // namespace kexec
KEXEC_PUBLIC_END
