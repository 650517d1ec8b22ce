// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/machine.h"

#include <string>

namespace kexec {

Result<std::unique_ptr<Machine>> ReadMachine(const SystemRoot& root, Diagnostics&) {
  KEXEC_ASSIGN(const std::string name, root.MachineName(), "cannot tell the machine's architecture");
  return Fail(Errc::kUnsupported, "machine '{}' is not supported", name);
}

}  // namespace kexec
