// SPDX-License-Identifier: LGPL-2.1-or-later
// The parameters at the start of a purgatory as the build left them.
#pragma once

#include <cstring>

#include "kexec/bytes.h"

namespace kexec {

// All zero where the build had no compiler for that machine, so that there is no blob.
template <class Params>
Params ParamsOfBlob(Bytes blob) {
  Params params = {};
  if (blob.size() >= sizeof(params)) std::memcpy(&params, blob.data(), sizeof(params));
  return params;
}

}  // namespace kexec
