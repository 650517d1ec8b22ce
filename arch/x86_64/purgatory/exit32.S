// SPDX-License-Identifier: LGPL-2.1-or-later
// The 32-bit way out: protected mode without paging. All of purgatory lies below 4 GiB here; purgatory_main has checked.
#include "cpu.inc"
#include "params.h"

  .section .entry, "ax"
  .code64
  .globl purgatory_exit32
  .hidden purgatory_exit32
purgatory_exit32:
  leaq purgatory_params(%rip), %rbp
  leave_long_mode gdt32
  pushl KEXEC_PURGATORY_OFFSET_KERNEL_ENTRY(%ebp)
  .set offset, KEXEC_PURGATORY_OFFSET_REGISTERS
  .irp register, eax, ebx, ecx, edx, esi, edi, ebp
  movl offset(%ebp), %\register
  .set offset, offset + 8
  .endr
  ret

  .data
  define_gdt gdt32, CODE32_DESCRIPTOR

  .section .note.GNU-stack, "", @progbits
