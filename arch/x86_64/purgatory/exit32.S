// SPDX-License-Identifier: LGPL-2.1-or-later
// The 32-bit way out: from 64-bit mode to protected mode without paging (Intel SDM volume 3, "Switching Out of
// IA-32e Mode Operation"). All of purgatory lies below 4 GiB here; purgatory_main has checked.
#include "cpu.inc"
#include "params.h"

  .section .entry, "ax"
  .code64
  .globl purgatory_exit32
  .hidden purgatory_exit32
purgatory_exit32:
  leaq purgatory_params(%rip), %rbp
  movq %cr4, %rax
  andq $~CR4_PCIDE, %rax  // paging cannot be turned off while it is set
  movq %rax, %cr4
  load_gdt gdt32
  reload_cs 1f

  .code32
1:
  load_data_segments
  movl %cr0, %eax
  andl $~CR0_PG, %eax
  movl %eax, %cr0
  jmp 2f
2:
  movl $MSR_EFER, %ecx
  rdmsr
  andl $~EFER_LME, %eax
  wrmsr
  movl %cr4, %eax
  andl $~(CR4_PAE | CR4_PGE | CR4_LA57), %eax
  movl %eax, %cr4
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
