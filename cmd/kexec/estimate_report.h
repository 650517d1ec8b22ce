// SPDX-License-Identifier: GPL-2.0-or-later
// An estimate for people and for programs (docs/json.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arch/crash_estimate.h"
#include "cmd/kexec/crash_reservation.h"
#include "cmd/kexec/load_request.h"
#include "kexec/error.h"

namespace kexec {

struct EstimateReport {
  const LoadRequest& request;
  CrashNeed need;
  CrashEstimate estimate;  // for a crash kernel that finds recommended_bytes
  uint64_t recommended_bytes;
  Result<CrashReservation> reservation;
  bool running_kernel;        // no kernel was named
  bool running_command_line;  // no command line was given

  // Whether what is reserved now will probably do; nullopt: it is not known what is reserved.
  std::optional<bool> Sufficient() const;
};

// A table; the last line is "crashkernel=256M" and nothing else.
std::string EstimateText(const EstimateReport& report);
std::string EstimateJson(const EstimateReport& report);

}  // namespace kexec
