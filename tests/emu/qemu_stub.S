// SPDX-License-Identifier: GPL-2.0-or-later
// A Multiboot "kernel" (Multiboot specification 0.6.96, §3.1) that stands in for the old kernel in QEMU: maps the
// first gigabyte one to one, enters 64-bit mode and jumps where the slot after its header says. Loaded at 1 MiB.
#define BASE 0x100000
#define AT(label) (BASE + (label - kexec_qemu_stub_begin))
#define PML4 0x10000
#define PDPT 0x11000
#define PD 0x12000

  .section .rodata
  .balign 16
  .globl kexec_qemu_stub_begin, kexec_qemu_stub_end
kexec_qemu_stub_begin:
  .long 0x1badb002, 0x10000, -(0x1badb002 + 0x10000)  // flags bit 16: addresses follow
  .long BASE, BASE, 0, 0                              // header, load, load end (whole file), no bss
  .long AT(start)
jump_slot:
  .quad 0

  .code32
start:
  movl $(PDPT | 3), PML4
  movl $(PD | 3), PDPT
  movl $PD, %edi
  movl $0x83, %eax  // 2 MiB pages
1:
  movl %eax, (%edi)
  addl $0x200000, %eax
  addl $8, %edi
  cmpl $(PD + 0x1000), %edi
  jne 1b
  movl $PML4, %eax
  movl %eax, %cr3
  movl $0x20, %eax
  movl %eax, %cr4
  movl $0xc0000080, %ecx
  rdmsr
  orl $0x100, %eax
  wrmsr
  movl $0x80000033, %eax
  movl %eax, %cr0
  lgdt AT(gdt_pointer)
  ljmp $0x20, $AT(long_mode)

  .code64
long_mode:
  movq AT(jump_slot), %rax
  jmp *%rax

  .balign 8
gdt:
  .quad 0, 0, 0, 0, 0x00af9b000000ffff
gdt_pointer:
  .word 5 * 8 - 1
  .long AT(gdt)
kexec_qemu_stub_end:

  .section .note.GNU-stack, "", @progbits
