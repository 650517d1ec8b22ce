// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/purgatory/blob.h"

#include "arch/purgatory/blob_params.h"

extern "C" {
extern const std::byte kexec_purgatory_x86_64_begin[];
extern const std::byte kexec_purgatory_x86_64_end[];
}

namespace kexec {

Bytes PurgatoryBlob() { return {kexec_purgatory_x86_64_begin, kexec_purgatory_x86_64_end}; }

size_t PurgatoryMemSize() { return PurgatoryParams().memory_size; }

kexec_purgatory_params PurgatoryParams() { return ParamsOfBlob<kexec_purgatory_params>(PurgatoryBlob()); }

}  // namespace kexec
