// SPDX-License-Identifier: GPL-2.0-or-later
// Options that contradict an entry in real mode.
#pragma once

#include "cmd/kexec/options.h"
#include "kexec/error.h"
#include "loaders/kernel_image.h"

namespace kexec {

// kUsage where `kernel` would be entered in real mode and an option asks for what cannot be had then.
Result<> CheckRealMode(const KernelImage& kernel, const Options& options);

}  // namespace kexec
