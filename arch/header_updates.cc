// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/header_updates.h"

namespace kexec {

std::optional<uint64_t> UpdatedHeadersSize(const CrashFacts& crash, const BootInputs& inputs,
                                           Diagnostics& diagnostics) {
  if (!inputs.crash.hotplug) return std::nullopt;
  if (!crash.elfcorehdr_size) {
    diagnostics.Warn(
        "--hotplug: the running kernel cannot update the core headers; load the crash kernel "
        "again when CPUs or memory have come or gone");
  }
  return crash.elfcorehdr_size;
}

}  // namespace kexec
