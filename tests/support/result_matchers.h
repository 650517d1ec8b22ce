// SPDX-License-Identifier: GPL-2.0-or-later
// Whole messages are compared, not "is an error".
#pragma once

#include <string>

#include "kexec/error.h"

namespace kexec::testing {

// The message of a failed result, or "success".
template <class T>
std::string MessageOf(const Result<T>& result) {
  return result.has_value() ? std::string("success") : result.error().message();
}

}  // namespace kexec::testing
