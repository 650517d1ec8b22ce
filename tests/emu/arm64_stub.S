// SPDX-License-Identifier: GPL-2.0-or-later
// Stands in for the old kernel on QEMU's 'virt' board: jumps where the first slot says, with garbage in the registers a
// kernel is promised. The second slot holds bits of HCR_EL2 to set before (for a kernel that runs at EL2 by VHE); the third
// gets the timer's count.
  .text
  .globl _start
_start:
  b start
  .balign 16
jump: .quad 0
hcr: .quad 0
began: .quad 0
start:
  ldr x4, hcr
  cbz x4, 1f
  mrs x5, hcr_el2
  orr x5, x5, x4
  msr hcr_el2, x5
  isb
1:
  mrs x5, cntvct_el0
  adr x6, began
  str x5, [x6]
  mov x0, #0x5a5a
  mov x1, x0
  mov x2, x0
  mov x3, x0
  ldr x4, jump
  br x4
