// SPDX-License-Identifier: LGPL-2.1-or-later
// What the parameters of every machine's purgatory have in common. Included by C, C++ and assembly.
#ifndef KEXEC_ARCH_PURGATORY_RANGE_H_
#define KEXEC_ARCH_PURGATORY_RANGE_H_

#define KEXEC_PURGATORY_MAGIC 0x5952544147525550  // "PURGATRY" in memory
#define KEXEC_PURGATORY_MAX_RANGES 16             // as many as kexec_load takes segments (KEXEC_SEGMENT_MAX)

#ifndef __ASSEMBLER__
#include <stdint.h>

struct kexec_purgatory_range {
  uint64_t address;
  uint64_t length;
};

#ifdef __cplusplus
#define KEXEC_PURGATORY_CHECK(condition) static_assert(condition, #condition)
#else
#define KEXEC_PURGATORY_CHECK(condition) _Static_assert(condition, #condition)
#endif

#endif  // __ASSEMBLER__
#endif  // KEXEC_ARCH_PURGATORY_RANGE_H_
