// SPDX-License-Identifier: GPL-2.0-or-later
// --list-boot-entries: the list of boot_entries.h for people, or as JSON (docs/json.md).
#pragma once

#include "cmd/kexec/session.h"

namespace kexec {

void PrintBootEntries(const Session& session);

}  // namespace kexec
