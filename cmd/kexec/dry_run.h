// SPDX-License-Identifier: GPL-2.0-or-later
// --dry-run: everything but the system call.
#pragma once

#include "cmd/kexec/choose_call.h"
#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Plans, and writes the plan to session.out as text or JSON. Where kexec_file_load is the choice its plan is
// the running kernel's secret; the plan shown is kexec_load's, and being unable to make it is no failure
// then. What the load would be refused for certain is refused here in the same words.
Result<> ShowPlan(const LoadRequest& request, const CallChoice& choice, const Session& session);

}  // namespace kexec
