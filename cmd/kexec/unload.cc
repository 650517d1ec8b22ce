// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/unload.h"

#include "arch/machine.h"
#include "cmd/kexec/xen_door.h"
#include "kexec/submit.h"

namespace kexec {

Result<> UnloadKernel(const Session& session) {
  KEXEC_TRY(CheckDomain(session.options, session.root));
  const LoadKind slot = session.options.slot;
  if (session.options.dry_run) {
    session.out += fmt::format("would unload the {} kernel\n", slot == LoadKind::kCrash ? "crash" : "loaded");
    return {};
  }
  // KEXEC_ARCH_DEFAULT (0): no image is handed over whose architecture could differ.
  return Unload(slot, session.kernel, session.root, 0);
}

}  // namespace kexec
