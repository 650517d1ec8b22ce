// SPDX-License-Identifier: LGPL-2.1-or-later
// The ACPI root pointer made again from what the kernel's log says of it at boot, where the memory it lies in
// cannot be read (CONFIG_IO_STRICT_DEVMEM, lockdown). On a machine without BIOS nothing else tells where the
// tables are.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "kexec/error.h"

namespace kexec {

// Pure. `log`: records as /dev/kmsg gives them ("priority,sequence,time,flags;text"), one a line. A root
// pointer of the revision and maker the kernel found, naming the root table the kernel used: the XSDT, or the
// RSDT for ACPI 1.0. kMalformed where the log does not tell (it has been overwritten, or there is no ACPI).
Result<std::vector<std::byte>> RootPointerFromLog(std::string_view log);

// The same from dev/kmsg below `root`.
Result<std::vector<std::byte>> ReadRootPointerFromLog(const std::filesystem::path& root);

}  // namespace kexec
