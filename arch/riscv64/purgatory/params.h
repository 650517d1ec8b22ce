// SPDX-License-Identifier: LGPL-2.1-or-later
// What purgatory is told: one structure of plain data at offset 0 of the blob. The build fills the first six
// fields (identity and sizes); whoever places the blob fills the rest in its copy. Included by C, C++ and
// assembly. Integers are little-endian, addresses physical, lengths in bytes.
#ifndef KEXEC_ARCH_RISCV64_PURGATORY_PARAMS_H_
#define KEXEC_ARCH_RISCV64_PURGATORY_PARAMS_H_

#include "arch/purgatory/range.h"

#define KEXEC_RISCV64_PURGATORY_VERSION 1
#define KEXEC_RISCV64_PURGATORY_PARAMS_SIZE 368

// Offsets for the assembly, checked below.
#define KEXEC_RISCV64_OFFSET_KERNEL_ENTRY 32
#define KEXEC_RISCV64_OFFSET_DTB_ADDRESS 40

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct kexec_riscv64_purgatory_params {
  // Set by the build. Offsets are from the start of the blob.
  uint64_t magic;         // KEXEC_PURGATORY_MAGIC
  uint32_t version;       // KEXEC_RISCV64_PURGATORY_VERSION
  uint32_t params_size;   // sizeof(struct kexec_riscv64_purgatory_params)
  uint32_t entry_offset;  // where the running kernel jumps to
  uint32_t file_size;     // bytes of the blob
  uint32_t memory_size;   // bytes it needs in memory: the blob and its stack, which need not be zero
  uint32_t reserved0;

  // The jump: to kernel_entry with a0 = the hart as purgatory was told and a1 = dtb_address (Linux
  // Documentation/arch/riscv/boot.rst, "Register state").
  uint64_t kernel_entry;
  uint64_t dtb_address;  // 8-byte aligned

  // The check: one digest over the hashed ranges, in this order.
  uint32_t digest_kind;   // enum kexec_digest_kind; none = no check
  uint32_t digest_flags;  // KEXEC_DIGEST_PORTABLE, or KEXEC_DIGEST_RISCV_ZKNH where every hart has Zknh
  uint8_t digest[32];     // expected; shorter digests are padded with zeros
  uint32_t hashed_count;
  uint32_t reserved1;
  struct kexec_purgatory_range hashed[KEXEC_PURGATORY_MAX_RANGES];

  // Messages go to the firmware's console (SBI). A mismatch is always told; success only if it is asked for.
  uint32_t console_verbose;
  uint32_t reset_seconds;       // from the message about a mismatch to the reset
  uint64_t timebase_frequency;  // ticks of the time register a second (/cpus/timebase-frequency); 0 = unknown
};

KEXEC_PURGATORY_CHECK(sizeof(struct kexec_riscv64_purgatory_params) == KEXEC_RISCV64_PURGATORY_PARAMS_SIZE);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_riscv64_purgatory_params, magic) == 0);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_riscv64_purgatory_params, kernel_entry) ==
                      KEXEC_RISCV64_OFFSET_KERNEL_ENTRY);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_riscv64_purgatory_params, dtb_address) ==
                      KEXEC_RISCV64_OFFSET_DTB_ADDRESS);

#endif  // __ASSEMBLER__
#endif  // KEXEC_ARCH_RISCV64_PURGATORY_PARAMS_H_
