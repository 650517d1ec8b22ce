// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/real_mode.h"

namespace kexec {

Result<> CheckRealMode(const KernelImage& kernel, const Options& options) {
  if (!EntersInRealMode(kernel, options.rare.real_mode)) return {};
  if (options.call == Call::kFile) {
    return Fail(Errc::kUsage, "{}; kexec_file_load cannot enter it so: leave out '--kexec-file-syscall'",
                WhyRealMode(kernel));
  }
  if (options.rare.entry_32bit) {
    return Fail(Errc::kUsage, "{}; that contradicts '--entry-32bit'", WhyRealMode(kernel));
  }
  return {};
}

}  // namespace kexec
