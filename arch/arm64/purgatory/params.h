// SPDX-License-Identifier: LGPL-2.1-or-later
// What purgatory is told: one structure of plain data at offset 0 of the blob. The build fills the first six
// fields (identity and sizes); whoever places the blob fills the rest in its copy. Included by C, C++ and
// assembly. Integers are little-endian, addresses physical, lengths in bytes.
#ifndef KEXEC_ARCH_ARM64_PURGATORY_PARAMS_H_
#define KEXEC_ARCH_ARM64_PURGATORY_PARAMS_H_

#include "arch/purgatory/range.h"

#define KEXEC_ARM64_PURGATORY_VERSION 1
#define KEXEC_ARM64_PURGATORY_PARAMS_SIZE 376

// console_kind
#define KEXEC_ARM64_CONSOLE_NONE 0
#define KEXEC_ARM64_CONSOLE_PL011 1        // Arm PrimeCell UART, also a generic SBSA UART
#define KEXEC_ARM64_CONSOLE_8250 2         // 16550 with byte-wide registers, one byte apart
#define KEXEC_ARM64_CONSOLE_8250_MMIO32 3  // 16550 with registers four bytes apart, accessed as words

// psci_conduit (Arm DEN 0022, "Power State Coordination Interface")
#define KEXEC_ARM64_PSCI_NONE 0
#define KEXEC_ARM64_PSCI_HVC 1
#define KEXEC_ARM64_PSCI_SMC 2

// Offsets for the assembly, checked below.
#define KEXEC_ARM64_OFFSET_KERNEL_ENTRY 32
#define KEXEC_ARM64_OFFSET_DTB_ADDRESS 40

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct kexec_arm64_purgatory_params {
  // Set by the build. Offsets are from the start of the blob.
  uint64_t magic;         // KEXEC_PURGATORY_MAGIC
  uint32_t version;       // KEXEC_ARM64_PURGATORY_VERSION
  uint32_t params_size;   // sizeof(struct kexec_arm64_purgatory_params)
  uint32_t entry_offset;  // where the running kernel jumps to
  uint32_t file_size;     // bytes of the blob
  uint32_t memory_size;   // bytes it needs in memory: the blob, its stack and its page tables, all of which
                          // need not be zero
  uint32_t reserved0;

  // The jump: to kernel_entry with x0 = dtb_address and x1 to x3 zero (Linux
  // Documentation/arch/arm64/booting.rst, "Call the kernel image").
  uint64_t kernel_entry;
  uint64_t dtb_address;  // 8-byte aligned

  // The check: one digest over the hashed ranges, in this order. The page that a range begins or ends in must
  // be memory as a whole.
  uint32_t digest_kind;   // enum kexec_digest_kind; none = no check
  uint32_t digest_flags;  // KEXEC_DIGEST_PORTABLE or 0
  uint8_t digest[32];     // expected; shorter digests are padded with zeros
  uint32_t hashed_count;
  uint32_t reserved1;
  struct kexec_purgatory_range hashed[KEXEC_PURGATORY_MAX_RANGES];

  // Where messages go. A mismatch is always told if there is a console; success only if it is asked for. The
  // device is used as the old kernel or the firmware set it up.
  uint32_t console_kind;     // KEXEC_ARM64_CONSOLE_*
  uint32_t console_verbose;  // nonzero: one line about success too (--serial)
  uint64_t console_base;     // of the device's registers
  // What happens after a mismatch.
  uint32_t psci_conduit;   // KEXEC_ARM64_PSCI_*: how to reset; none = stop for ever
  uint32_t reset_seconds;  // from the message to the reset
};

KEXEC_PURGATORY_CHECK(sizeof(struct kexec_arm64_purgatory_params) == KEXEC_ARM64_PURGATORY_PARAMS_SIZE);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_arm64_purgatory_params, magic) == 0);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_arm64_purgatory_params, kernel_entry) ==
                      KEXEC_ARM64_OFFSET_KERNEL_ENTRY);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_arm64_purgatory_params, dtb_address) ==
                      KEXEC_ARM64_OFFSET_DTB_ADDRESS);

#endif  // __ASSEMBLER__
#endif  // KEXEC_ARCH_ARM64_PURGATORY_PARAMS_H_
