// SPDX-License-Identifier: LGPL-2.1-or-later
// What the running kernel hands to the next one in kexec_file_load only, so that kexec_load loses it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kexec/export.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// The device of live updates (kernel/liveupdate/luo_core.c). Only one program may have it open.
inline constexpr std::string_view kLiveUpdateDevice = "dev/liveupdate";

// A phrase for people ("IMA's list of measurements"); empty: nothing is known to be lost.
//   - IMA has measured something, and its kernel hands the list on (CONFIG_IMA_KEXEC).
//   - Kexec Handover is on: memory that the kernel preserves (Documentation/admin-guide/mm/kho.rst).
// Neither goes to a crash kernel, whichever call loads it (ima_add_kexec_buffer in
// security/integrity/ima/ima_kexec.c, kho_fill_kimage in kernel/liveupdate/kexec_handover.c).
std::string HandedOver(const SystemRoot& root);

// What `name=` says on a kernel's command line where it is a boolean, as kstrtobool (lib/kstrtox.c) and
// parse_args (kernel/params.c) read it; nullopt: nothing, or nothing that they understand.
std::optional<bool> BooleanParameter(std::string_view command_line, std::string_view name);

}  // namespace kexec
KEXEC_PUBLIC_END
