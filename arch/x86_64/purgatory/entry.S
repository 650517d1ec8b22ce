// SPDX-License-Identifier: LGPL-2.1-or-later
// The way in and the 64-bit way out. Entered by the old kernel in 64-bit mode, interrupts off, memory mapped one to
// one; stack, descriptor tables and segments are unknown. The stack is not in the blob: nothing here needs it zero.
#include "cpu.inc"
#include "params.h"

  .section .params, "aw"
  .globl purgatory_params
  .hidden purgatory_params
purgatory_params:
  .quad KEXEC_PURGATORY_MAGIC
  .long KEXEC_PURGATORY_VERSION
  .long KEXEC_PURGATORY_PARAMS_SIZE
  .long purgatory_entry - purgatory_params
  .long purgatory_verify - purgatory_params
  .long purgatory_file_end - purgatory_params
  .long purgatory_memory_end - purgatory_params
  .fill KEXEC_PURGATORY_OFFSET_JUMP_BACK_OFFSET - (. - purgatory_params)
  .long purgatory_jump_back - purgatory_params

  .section .entry, "ax"
  .code64
  .globl purgatory_entry
purgatory_entry:
  cli
  cld
  // What purgatory_main is told: where the old kernel waits, which is only read from its stack if it is wanted, and its
  // page tables.
  movq %cr3, %rsi
  xorl %edi, %edi
  cmpq $0, purgatory_params+KEXEC_PURGATORY_OFFSET_JUMP_BACK_DIGITS(%rip)
  je 1f
  movq (%rsp), %rdi
1:
  leaq purgatory_stack_end(%rip), %rsp
  load_gdt gdt64
  load_data_segments
  reload_cs 1f
1:
  // The digest uses XMM registers; the kernel gets CR0 and CR4 as they came.
  movq %cr0, %rbx
  movq %cr4, %rbp
  movl %ebx, %eax
  andl $~(CR0_EM | CR0_TS), %eax
  orl $CR0_MP, %eax
  movq %rax, %cr0
  movq %rbp, %rax
  orq $(CR4_OSFXSR | CR4_OSXMMEXCPT), %rax
  movq %rax, %cr4
  call purgatory_main  // returns only if the kernel may be started
  movq %rbp, %cr4
  movq %rbx, %cr0
  leaq purgatory_stack_end(%rip), %rsp
  cmpl $KEXEC_PURGATORY_ENTRY_32, purgatory_params+KEXEC_PURGATORY_OFFSET_ENTRY_KIND(%rip)
  je purgatory_exit32
  cmpl $KEXEC_PURGATORY_ENTRY_16, purgatory_params+KEXEC_PURGATORY_OFFSET_ENTRY_KIND(%rip)
  je purgatory_exit16
  .set offset, KEXEC_PURGATORY_OFFSET_REGISTERS
  .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
  movq purgatory_params+offset(%rip), %\register
  .set offset, offset + 8
  .endr
  jmp *purgatory_params+KEXEC_PURGATORY_OFFSET_KERNEL_ENTRY(%rip)

// The way back (--load-jump-back-helper), called by the kernel that goes and then by the one that was gone to, in turns. A
// kernel that waits is entered with a stack on top of which the other one waits (relocate_kernel_64.S, identity_mapped).
// The going kernel's page tables map its own memory only, those of the first kernel everything.
  .globl purgatory_jump_back
purgatory_jump_back:
  movq (%rsp), %rax
  movq %rax, goes_on_at(%rip)
  movq purgatory_params+KEXEC_PURGATORY_OFFSET_JUMP_BACK_CR3(%rip), %rax
  testq %rax, %rax
  jz 1f
  movq %rax, %cr3
1:
  leaq purgatory_stack_end(%rip), %rsp
  call *purgatory_params+KEXEC_PURGATORY_OFFSET_JUMP_BACK_ENTRY(%rip)
  movq (%rsp), %rax
  movq %rax, purgatory_params+KEXEC_PURGATORY_OFFSET_JUMP_BACK_ENTRY(%rip)
  leaq purgatory_stack_end(%rip), %rsp
  leaq purgatory_jump_back(%rip), %rax
  pushq %rax
  jmp *goes_on_at(%rip)

  .data
  .balign 8
goes_on_at:
  .quad 0
  define_gdt gdt64, CODE64_DESCRIPTOR

  .bss
  .balign 16
  .skip 8192
purgatory_stack_end:

  .section .note.GNU-stack, "", @progbits
