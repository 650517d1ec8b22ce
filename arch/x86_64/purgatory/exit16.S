// SPDX-License-Identifier: LGPL-2.1-or-later
// The way out into real mode (Intel SDM volume 3, "Switching Back to Real-Address Mode"): 64-bit mode, protected mode
// without paging, 16-bit segments, real mode with the BIOS's vectors. All of purgatory lies below 640 KiB here;
// purgatory_main has checked.
#include "cpu.inc"
#include "params.h"

#define REAL_CS 0x20
#define REAL_DS 0x28

  .section .entry, "ax"
  .code64
  .globl purgatory_exit16
  .hidden purgatory_exit16
purgatory_exit16:
  // The segment of the 16-bit code begins with it.
  leaq real_mode(%rip), %rbx
  movw %bx, gdt16+REAL_CS+2(%rip)
  movl %ebx, %eax
  shrl $16, %eax
  movb %al, gdt16+REAL_CS+4(%rip)
  movl %ebx, %eax
  shrl $4, %eax
  movw %ax, in_real_mode_pointer+2(%rip)
  movl purgatory_params+KEXEC_PURGATORY_OFFSET_KERNEL_ENTRY(%rip), %eax
  shrl $4, %eax
  movw %ax, kernel_pointer+2(%rip)
  movzwl purgatory_params+KEXEC_PURGATORY_OFFSET_DATA_SEGMENT(%rip), %ebp
  movzwl purgatory_params+KEXEC_PURGATORY_OFFSET_STACK_POINTER(%rip), %edi
  leaq code16_pointer(%rip), %rsi
  lidt bios_vectors(%rip)
  leave_long_mode gdt16
  // What a processor has after its reset: no extension on.
  xorl %eax, %eax
  xorl %edx, %edx
  wrmsr  // ecx still names EFER
  movl %eax, %cr4
  ljmp *(%esi)

  .balign 16
  .code16
real_mode:
  movw $REAL_DS, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw %ax, %fs
  movw %ax, %gs
  movl $CR0_ET, %eax
  movl %eax, %cr0
  ljmp *%cs:(in_real_mode_pointer - real_mode)
in_real_mode:
  movw %bp, %ds
  movw %bp, %es
  movw %bp, %ss
  movw %bp, %fs
  movw %bp, %gs
  movl %edi, %esp
  xorl %eax, %eax
  xorl %ebx, %ebx
  xorl %ecx, %ecx
  xorl %edx, %edx
  xorl %esi, %esi
  xorl %edi, %edi
  xorl %ebp, %ebp
  ljmp *%cs:(kernel_pointer - real_mode)
in_real_mode_pointer:
  .word in_real_mode - real_mode, 0
kernel_pointer:
  .word 0, 0

  .data
  define_gdt gdt16, CODE32_DESCRIPTOR, CODE16_DESCRIPTOR, DATA16_DESCRIPTOR
code16_pointer:
  .long 0
  .word REAL_CS
bios_vectors:
  .word 0x3ff  // 256 of four bytes, from 0 on
  .quad 0

  .section .note.GNU-stack, "", @progbits
