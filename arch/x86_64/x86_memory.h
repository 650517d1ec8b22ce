// SPDX-License-Identifier: LGPL-2.1-or-later
// The two memory maps of a PC: the one handed to the new kernel and the one segments may be placed in.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/memory_map.h"
#include "kexec/system_root.h"

namespace kexec {

// `handed_over`: /sys/firmware/memmap, what the firmware gave to the running kernel: nothing a mem= or
// memmap= of the running kernel has taken away is missing for the new one. /proc/iomem instead where that
// folder does not exist (CONFIG_FIRMWARE_MEMMAP) or does not tell all: with add_efi_memmap the running kernel
// took memory from EFI's own map as well. Modules plugged in later are in both: the kernel adds them to its
// firmware map. Memory a driver added (virtio-mem, dax/kmem) counts in neither: its driver adds it again, and
// may have to take it away. What EFI's runtime map names and the running kernel has reserved is not RAM in
// it: boot-services memory whose contents it keeps (a BGRT image, the ESRT; efi_mem_reserve), which the
// firmware's map gives away.
//
// `placeable`: RAM by handed_over that is also plain "System RAM" in /proc/iomem, if that can be read (it
// takes CAP_SYS_ADMIN): the running kernel may know better what is in use (memory EFI tables were saved in)
// or broken.
// In Xen's first domain both are the machine's own, as Xen tells it.
struct X86Memory {
  MemoryMap handed_over;
  MemoryMap placeable;
  std::vector<PhysRange> crash_regions;  // empty if /proc/iomem cannot be read
};

Result<X86Memory> ReadX86Memory(const SystemRoot& root, const Result<IomemReport>& iomem,
                                Diagnostics& diagnostics);

// `map` with what is RAM in it, lies in `ranges` (in any order, overlapping or not) and is no longer RAM to
// the running kernel marked reserved. Not below 1 MiB: every kernel keeps what it needs there by itself.
MemoryMap ReserveKept(const MemoryMap& map, std::span<const PhysRange> ranges, const MemoryMap& running);

// Whether `word` is one of the blank-separated words of a kernel command line; one that ends in '=' is so
// with any value.
bool HasWord(std::string_view command_line, std::string_view word);

}  // namespace kexec
