// SPDX-License-Identifier: GPL-2.0-or-later
// A zImage of protocol 2.03 (Documentation/arch/x86/boot.rst): its setup code prints what it finds at 64 KiB, its
// command line and the begin of its initrd, and resets.
  .code16
  .globl _start
_start:
  .org 0x1f1
  .byte 4  // setup_sects
  .org 0x1fe
  .word 0xaa55
  .byte 0xeb, setup - header
header:
  .ascii "HdrS"
  .word 0x0203
  .org 0x224
  .word 0  // heap_end_ptr
  .org 0x228
command_line:
  .long 0
  .long 0x37ffffff  // initrd_addr_max
setup:
  movw %ds, %bp
  movw $0x1000, %ax
  movw %ax, %ds
  xorw %si, %si
  call print
  movw %bp, %ds
  movl command_line - _start, %eax
  movw %ax, %si
  andw $0xf, %si
  shrl $4, %eax
  movw %ax, %ds
  call print
  movw %bp, %ds
  movw $(line_end - _start), %si
  // The code runs 0x200 behind the segment that the data are counted from.
  call print
  jmp reset
line_end:
  .asciz "\r\n"
#include "serial.inc"

  .org 5 * 512
  .asciz "the zImage at 64 KiB: "
  .org 5 * 512 + 0x3000
