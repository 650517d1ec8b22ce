// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/require_purgatory.h"

namespace kexec {

Result<> RequirePurgatory(Bytes blob, std::string_view machine) {
  if (!blob.empty()) return {};
  return Fail(
      Errc::kUnsupported,
      "this kexec carries no purgatory for {} machines, because there was no compiler for them when it "
      "was built; install {}-linux-gnu-gcc and build it again",
      machine, machine);
}

}  // namespace kexec
