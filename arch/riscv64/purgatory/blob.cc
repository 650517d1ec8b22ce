// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/riscv64/purgatory/blob.h"

#include "arch/purgatory/blob_params.h"

extern "C" {
extern const std::byte kexec_purgatory_riscv64_begin[];
extern const std::byte kexec_purgatory_riscv64_end[];
}

namespace kexec {

Bytes Riscv64PurgatoryBlob() { return {kexec_purgatory_riscv64_begin, kexec_purgatory_riscv64_end}; }

size_t Riscv64PurgatoryMemSize() { return Riscv64PurgatoryParams().memory_size; }

kexec_riscv64_purgatory_params Riscv64PurgatoryParams() {
  return ParamsOfBlob<kexec_riscv64_purgatory_params>(Riscv64PurgatoryBlob());
}

}  // namespace kexec
