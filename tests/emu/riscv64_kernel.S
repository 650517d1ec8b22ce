// SPDX-License-Identifier: GPL-2.0-or-later
// Stands in for the new kernel: tells on the firmware's console what it was given ("K", then a0, a1, satp, and the
// ticks since the stub, whose third slot is 2 MiB below), and switches the machine off (SBI legacy putchar and System Reset).
  .option norvc
  .text
  .globl _start
_start:
  mv s0, a0
  mv s1, a1
  csrr s2, satp
  rdtime s3
  lla t0, _start
  li t1, 0x200000
  sub t0, t0, t1
  ld t0, 32(t0)
  sub s3, s3, t0
  li a0, 'K'
  li a7, 1
  ecall
  .irp register, s0, s1, s2, s3
  mv s5, \register
  jal hex
  .endr
  li a0, '\n'
  li a7, 1
  ecall
  li a7, 0x53525354
  li a6, 0
  li a0, 0
  li a1, 0
  ecall
  j .

hex:  // a blank and the sixteen digits of s5; changes a0, a7, s6 and s7
  li a7, 1
  li a0, ' '
  ecall
  li s6, 60
1:
  srl s7, s5, s6
  andi s7, s7, 15
  addi a0, s7, '0'
  li a7, 10
  blt s7, a7, 2f
  addi a0, s7, 'a' - 10
2:
  li a7, 1
  ecall
  addi s6, s6, -4
  bgez s6, 1b
  ret
