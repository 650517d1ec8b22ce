// SPDX-License-Identifier: LGPL-2.1-or-later
// What a plan needs to know about a machine that hands a device tree to its kernels (arm64, riscv64), read
// once.
//
// Memory comes from /proc/iomem. "System RAM" there is what the running kernel manages; "reserved" inside it
// is what was taken at boot: by firmware (EFI's tables, /reserved-memory, interrupt tables of EFI machines),
// but also by the kernel for itself. The two cannot be told apart, so no segment is placed in either. Memory
// the kernel was told not to map is a line of its own outside "System RAM" and is no RAM.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/dt/serial_device.h"
#include "arch/machine.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct DtFacts {
  Alignment page = Alignment::Of<4096>();  // of the running kernel
  MemoryMap memory;                        // RAM is where segments may lie
  std::vector<PhysRange> ram;              // all RAM, with what is reserved in it: the next kernel's memory
  std::vector<PhysRange> crash_regions;
  uint64_t total_ram_pages = 0;  // 0: unknown
  // The tree of the running system, named by its path.
  std::optional<NamedFile> tree;
  std::string why_no_tree;  // if there is none
  std::vector<SerialDevice> serial_devices;
};

// The firmware's own tree where the kernel shows it, else made again from its nodes.
Result<NamedFile> ReadRunningTree(const SystemRoot& root);

// What the board is called most exactly: the first name its root node is "compatible" with (Devicetree
// Specification, 2.3.1). The kernel shows them as a file of their own, so the tree need not be read for it;
// empty: not told.
std::string ReadBoardName(const SystemRoot& root);

// Whatever is missing besides `iomem` is left out, with a note.
DtFacts ReadDtFacts(const SystemRoot& root, const IomemReport& iomem, Diagnostics& diagnostics);

// Pure. The page size in an auxiliary vector of a 64-bit program (AT_PAGESZ of getauxval(3)); nullopt if it
// does not tell one.
std::optional<Alignment> PageSizeOfAuxv(Bytes auxv);

// Pure. All "System RAM", with whatever lies in it, by ascending address; touching lines become one.
std::vector<PhysRange> WholeRam(const IomemReport& iomem);

}  // namespace kexec
KEXEC_PUBLIC_END
