// SPDX-License-Identifier: LGPL-2.1-or-later
// What libfdt's error numbers mean, in words that go on a sentence.
#pragma once

#include <string>

namespace kexec {

// `error` is negative, as libfdt returns it.
std::string FdtProblem(int error);

}  // namespace kexec
