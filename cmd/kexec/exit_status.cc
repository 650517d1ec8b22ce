// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/exit_status.h"

namespace kexec {

int ExitStatus(Errc code) {
  switch (code) {
    case Errc::kUsage:
    case Errc::kUnsupported:
    case Errc::kIo:
    case Errc::kNoCrashRegion:
      return kExitUsage;
    case Errc::kNotRecognised:
    case Errc::kMalformed:
    case Errc::kDoesNotFit:
    case Errc::kInvalidImage:
    case Errc::kSyscall:
      return kExitFailed;
  }
  return kExitFailed;
}

}  // namespace kexec
