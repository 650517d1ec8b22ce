// SPDX-License-Identifier: GPL-2.0-or-later
// A dump on disk, or /proc/vmcore.
#pragma once

#include <memory>
#include <string>

#include "kexec/error.h"
#include "loaders/vmcore/dump_source.h"

namespace kexec {

// A file is mapped, whatever its size. /proc/vmcore is read in small windows instead: mapping it makes the
// capture kernel build page tables for all of the memory, 2 MiB for each GiB, and parts of it cannot be
// mapped. So is a block device, and a file that this process has no room to map. kIo: it cannot be opened, or
// is of a kind that cannot be read at any place. Another program may cut the file short while it is mapped:
// whoever reads it has a FileWatch.
enum class DumpAccess { kMapped, kWindows };
Result<std::shared_ptr<const DumpSource>> OpenDumpFile(const std::string& path,
                                                       DumpAccess preferred = DumpAccess::kMapped);

}  // namespace kexec
