// SPDX-License-Identifier: GPL-2.0-or-later
// Does a crash kernel fit the memory reserved for it? Asked before it is loaded, because afterwards only a
// panic would tell.
#pragma once

#include <optional>

#include "cmd/kexec/crash_reservation.h"
#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// kDoesNotFit with need, region and a crashkernel= value, if kernel and initrds cannot lie in the region. If
// they can, but the least such kernels were seen to run in exceeds all that is reserved, a warning with both
// numbers and a value. An unknown reservation passes.
Result<> CheckCrashFit(const LoadRequest& request, const std::optional<CrashReservation>& reservation,
                       const Session& session);

// `error` of a crash load; where the running kernel found no room (EADDRNOTAVAIL, ENOMEM) or the plan does
// not fit the region, with the crashkernel= value that would do.
Error WithCrashAdvice(Error error, const LoadRequest& request, const SystemRoot& root);

// "crashkernel=256M", with ",high" where that much belongs above 4 GiB.
std::string CrashkernelParameter(uint64_t bytes);

}  // namespace kexec
