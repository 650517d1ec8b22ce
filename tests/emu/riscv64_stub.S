// SPDX-License-Identifier: GPL-2.0-or-later
// Stands in for the old kernel behind the firmware of QEMU's 'virt' board: jumps where the slot says, with the hart id in
// a0 as it came and garbage in a1. The last slot gets the time.
  .option norvc
  .text
  .globl _start
_start:
  j start
  .balign 16
jump: .quad 0
unused: .quad 0
began: .quad 0
start:
  rdtime t1
  lla t0, began
  sd t1, 0(t0)
  lla t0, jump
  ld t0, 0(t0)
  li a1, 0x5a5a
  jr t0
