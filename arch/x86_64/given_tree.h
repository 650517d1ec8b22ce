// SPDX-License-Identifier: LGPL-2.1-or-later
// The device tree of --dtb, which reaches a PC's kernel as one more setup_data node (SETUP_DTB).
#pragma once

#include "arch/machine.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/error.h"

namespace kexec {

// `facts` with `tree` in place of one that the running kernel was given. kUnsupported: `image` is older than
// setup_data; kNotRecognised, kMalformed and the like: `tree` is no sound device tree (DeviceTree::Parse).
Result<X86Facts> WithGivenTree(X86Facts facts, const NamedFile& tree, const LinuxImage& image);

}  // namespace kexec
