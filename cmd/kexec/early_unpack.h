// SPDX-License-Identifier: GPL-2.0-or-later
// --decompress and --decompress-initrd: what the new kernel would unpack after the jump is unpacked before
// it. Both only save time, so where one cannot be done the load goes on without it.
#pragma once

#include "cmd/kexec/load_request.h"
#include "cmd/kexec/session.h"

namespace kexec {

// With --decompress: turns a bzImage into the kernel it packs (DirectLinux). Where that is not possible the
// request stays as it is and a warning tells why; where only kexec_file_load can be called it stays, too, and
// ChooseCall tells.
void UnpackKernelEarly(LoadRequest& request, const Session& session);

// With --decompress-initrd: unpacks each compressed archive of the initrds. One that cannot be unpacked, or
// would not fit then, stays as it is, with a warning. Where only kexec_file_load can be called all of them
// do.
void UnpackInitrdsEarly(LoadRequest& request, const Session& session);

}  // namespace kexec
