// SPDX-License-Identifier: LGPL-2.1-or-later
// The two things a request is for: a proved plan, and a load.
#pragma once

#include <string>

#include "capi/context.h"
#include "kexec/mapped_file.h"
#include "kexec/validate.h"

namespace kexec::capi {

// A plan with the addresses as text for people, or as JSON.
Result<std::string> PlanText(const kexec_request& request);
Result<std::string> PlanJson(const kexec_request& request);

Result<> Load(const kexec_request& request);

// Lets `files` watch what the request has mapped.
void WatchFiles(const kexec_request& request, FileWatch& files);

}  // namespace kexec::capi
