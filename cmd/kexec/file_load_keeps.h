// SPDX-License-Identifier: GPL-2.0-or-later
// What this system would lose if a kernel were loaded by kexec_load.
#pragma once

#include <string>

#include "kexec/system_root.h"

namespace kexec {

// Why kexec_file_load should come first, as a reason for people; empty: nothing speaks for it.
//   - IMA has measured something: its list goes to the next kernel with kexec_file_load only
//     (security/integrity/ima/ima_kexec.c).
//   - Kexec Handover is on: so does the preserved memory (Documentation/core-api/kho/concepts.rst).
// Lockdown and dm-crypt keys are not among them: there nothing else works.
std::string FileLoadKeeps(const SystemRoot& root);

}  // namespace kexec
