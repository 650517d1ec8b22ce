// SPDX-License-Identifier: LGPL-2.1-or-later
// What purgatory is told: one structure of plain data at offset 0 of the blob. The build fills the first
// eight fields (identity and offsets); whoever places the blob fills the rest in its copy. Included by C, C++
// and assembly. Integers are little-endian, addresses physical, lengths in bytes.
#ifndef KEXEC_ARCH_X86_64_PURGATORY_PARAMS_H_
#define KEXEC_ARCH_X86_64_PURGATORY_PARAMS_H_

#include "arch/purgatory/range.h"

#define KEXEC_PURGATORY_VERSION 2
#define KEXEC_PURGATORY_PARAMS_SIZE 808

// entry_kind
#define KEXEC_PURGATORY_ENTRY_64 1  // 64-bit mode, the page tables purgatory was entered with
#define KEXEC_PURGATORY_ENTRY_32 2  // 32-bit protected mode without paging
#define KEXEC_PURGATORY_ENTRY_16 3  // real mode, with a BIOS to call

// Offsets for the assembly, checked below.
#define KEXEC_PURGATORY_OFFSET_KERNEL_ENTRY 32
#define KEXEC_PURGATORY_OFFSET_ENTRY_KIND 40
#define KEXEC_PURGATORY_OFFSET_DATA_SEGMENT 44
#define KEXEC_PURGATORY_OFFSET_STACK_POINTER 46
#define KEXEC_PURGATORY_OFFSET_REGISTERS 48
#define KEXEC_PURGATORY_OFFSET_JUMP_BACK_OFFSET (KEXEC_PURGATORY_PARAMS_SIZE - 4)
#define KEXEC_PURGATORY_OFFSET_JUMP_BACK_DIGITS 168
#define KEXEC_PURGATORY_OFFSET_JUMP_BACK_ENTRY 184
#define KEXEC_PURGATORY_OFFSET_JUMP_BACK_CR3 192

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

// The general registers at the kernel's entry, except rsp: that is the end of purgatory's own stack. A 32-bit
// entry takes the lower halves of the first seven. Linux wants the address of boot_params in rsi (esi), and
// zero in ebx, ebp and edi for the 32-bit entry (boot.rst, "32-bit Boot Protocol" and "64-bit Boot
// Protocol").
struct kexec_purgatory_registers {
  uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

struct kexec_purgatory_params {
  // Set by the build. Offsets are from the start of the blob.
  uint64_t magic;          // KEXEC_PURGATORY_MAGIC
  uint32_t version;        // KEXEC_PURGATORY_VERSION
  uint32_t params_size;    // sizeof(struct kexec_purgatory_params)
  uint32_t entry_offset;   // where the running kernel jumps to
  uint32_t verify_offset;  // int verify(uint8_t found[32]): the check alone, for tests; System V calling
                           // convention
  uint32_t file_size;      // bytes of the blob
  uint32_t memory_size;    // bytes it needs in memory: the blob and its stack, which need not be zero

  // The jump.
  uint64_t kernel_entry;
  // KEXEC_PURGATORY_ENTRY_*. For 32-bit, purgatory and kernel_entry must lie below 4 GiB; for real mode
  // below 640 KiB, and kernel_entry on a multiple of 16: it becomes cs:0.
  uint32_t entry_kind;
  // For real mode, whose general registers are all zero: ds, es, fs, gs and ss; sp.
  uint16_t data_segment, stack_pointer;
  struct kexec_purgatory_registers registers;

  // There: after the check, 16 hexadecimal digits are written to each address that is not 0. The first get
  // the address on top of the stack that purgatory was entered with, where the old kernel waits to be called
  // back (KEXEC_PRESERVE_CONTEXT), the others the page tables it was entered with, which map all memory of
  // both.
  uint64_t jump_back_digits;
  uint64_t jump_back_cr3_digits;
  // And back, at jump_back_offset: to this address, with these page tables (0: with those it is entered
  // with).
  uint64_t jump_back_entry;
  uint64_t jump_back_cr3;

  // The check: one digest over the hashed ranges, in this order.
  uint32_t digest_kind;   // enum kexec_digest_kind; none = no check
  uint32_t digest_flags;  // KEXEC_DIGEST_PORTABLE or 0
  uint8_t digest[32];     // expected; shorter digests are padded with zeros
  uint32_t hashed_count;
  uint32_t zeroed_count;
  struct kexec_purgatory_range hashed[KEXEC_PURGATORY_MAX_RANGES];
  // Cleared after the check.
  struct kexec_purgatory_range zeroed[KEXEC_PURGATORY_MAX_RANGES];
  // Copied after that (a crash kernel's backup of low memory); size 0 = no copy. The two must not overlap.
  uint64_t backup_source;
  uint64_t backup_destination;
  uint64_t backup_size;

  // Where messages go. With a console, success is one line too; without, purgatory is silent unless something
  // is wrong, and then uses the first serial port if there is one.
  uint32_t serial_base;       // I/O port of a 16550, 0 = no serial console
  uint32_t serial_divisor;    // 115200 / baud rate, 0 = leave the port as it is
  uint32_t console_vga;       // nonzero: VGA text mode at 0xb8000
  uint32_t reset_vga;         // nonzero: first put the VGA into its 80x25 text mode
  uint32_t reset_seconds;     // from the message about a mismatch to the reset
  uint32_t jump_back_offset;  // set by the build: where a kernel jumps to that wants back
};

KEXEC_PURGATORY_CHECK(sizeof(struct kexec_purgatory_params) == KEXEC_PURGATORY_PARAMS_SIZE);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, magic) == 0);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, kernel_entry) ==
                      KEXEC_PURGATORY_OFFSET_KERNEL_ENTRY);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, entry_kind) ==
                      KEXEC_PURGATORY_OFFSET_ENTRY_KIND);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, data_segment) ==
                      KEXEC_PURGATORY_OFFSET_DATA_SEGMENT);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, stack_pointer) ==
                      KEXEC_PURGATORY_OFFSET_STACK_POINTER);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, registers) == KEXEC_PURGATORY_OFFSET_REGISTERS);
KEXEC_PURGATORY_CHECK(sizeof(struct kexec_purgatory_registers) == 15 * 8);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, jump_back_offset) ==
                      KEXEC_PURGATORY_OFFSET_JUMP_BACK_OFFSET);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, jump_back_digits) ==
                      KEXEC_PURGATORY_OFFSET_JUMP_BACK_DIGITS);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, jump_back_entry) ==
                      KEXEC_PURGATORY_OFFSET_JUMP_BACK_ENTRY);
KEXEC_PURGATORY_CHECK(offsetof(struct kexec_purgatory_params, jump_back_cr3) ==
                      KEXEC_PURGATORY_OFFSET_JUMP_BACK_CR3);

#endif  // __ASSEMBLER__
#endif  // KEXEC_ARCH_X86_64_PURGATORY_PARAMS_H_
