// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands for a machine's own code where there is none: the portable one.
#include "sha256.h"
#include "xxh128.h"

int kexec_sha256_instructions_usable(void) { return 0; }

void kexec_sha256_blocks_instructions(uint32_t hash[8], const uint8_t* data, size_t blocks) {
  kexec_sha256_blocks_portable(hash, data, blocks);
}

void kexec_xxh128_stripes_vector(uint64_t accumulators[8], const uint8_t* data, size_t first,
                                 size_t stripes) {
  kexec_xxh128_stripes_portable(accumulators, data, first, stripes);
}
