// SPDX-License-Identifier: GPL-2.0-or-later
// vmcore-dmesg's story, without its process.
#pragma once

#include <memory>

#include "cmd/vmcore-dmesg/options.h"
#include "cmd/vmcore-dmesg/printers.h"
#include "loaders/vmcore/dump_source.h"

namespace kexec {

// Prints the log of the dump through `out`; every problem is a sentence for `complain`. The exit status.
int PrintDump(const DmesgOptions& options, std::shared_ptr<const DumpSource> source, const Write& out,
              const Write& complain);

}  // namespace kexec
