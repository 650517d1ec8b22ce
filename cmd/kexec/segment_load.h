// SPDX-License-Identifier: GPL-2.0-or-later
// The story of kexec_load: read the machine, place, emit, validate, submit.
#pragma once

#include <memory>

#include "arch/machine.h"
#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"
#include "kexec/validate.h"

namespace kexec {

// A proved plan and what it borrows from.
struct PreparedLoad {
  std::unique_ptr<Machine> machine;
  std::unique_ptr<BootInputs> inputs;
  ValidatedImage image;
};

// Everything up to submission. Reads only; works without privilege and for a recorded machine.
Result<PreparedLoad> PrepareLoad(const LoadRequest& request, const Session& session);

Result<> LoadBySegments(const LoadRequest& request, const Session& session);

}  // namespace kexec
