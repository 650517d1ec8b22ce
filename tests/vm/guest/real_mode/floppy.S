// SPDX-License-Identifier: GPL-2.0-or-later
// A floppy of 1.44 MB: its boot sector reads the second sector through the BIOS, prints the text in it, waits for two
// ticks of the BIOS's clock (interrupts of the timer reach their handler) and resets.
  .code16
  .globl _start
_start:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7c00, %sp
  movw $0x0201, %ax  // read one sector of drive %dl
  movw $0x0002, %cx  // cylinder 0, sector 2
  movb $0x00, %dh
  movw $0x7e00, %bx
  int $0x13
  movw $(0x7c00 + failed - _start), %si
  jc 1f
  movw $0x7e00, %si
1:
  call print
  sti
  movw $2, %cx
2:
  movw 0x46c, %ax  // the BIOS data area's count of ticks
3:
  hlt
  cmpw 0x46c, %ax
  je 3b
  loop 2b
  movw $(0x7c00 + ticked - _start), %si
  call print
  jmp reset
failed:
  .asciz "the BIOS read no sector\r\n"
ticked:
  .asciz "the clock ticks\r\n"
#include "serial.inc"

  .org 510
  .word 0xaa55
  .asciz "the second sector speaks\r\n"
  .org 1474560 - 1
  .byte 0
