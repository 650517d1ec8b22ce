// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/arm64/purgatory/blob.h"

#include "arch/purgatory/blob_params.h"

extern "C" {
extern const std::byte kexec_purgatory_arm64_begin[];
extern const std::byte kexec_purgatory_arm64_end[];
}

namespace kexec {

Bytes Arm64PurgatoryBlob() { return {kexec_purgatory_arm64_begin, kexec_purgatory_arm64_end}; }

size_t Arm64PurgatoryMemSize() { return Arm64PurgatoryParams().memory_size; }

kexec_arm64_purgatory_params Arm64PurgatoryParams() {
  return ParamsOfBlob<kexec_arm64_purgatory_params>(Arm64PurgatoryBlob());
}

}  // namespace kexec
