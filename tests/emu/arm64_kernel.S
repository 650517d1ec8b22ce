// SPDX-License-Identifier: GPL-2.0-or-later
// Stands in for the new kernel: tells on the PL011 of QEMU's 'virt' board what it was given ("K", then x0 to x3,
// CurrentEL, SCTLR, MAIR, and the timer's ticks since the stub, whose third slot is 2 MiB below), and switches the machine off (PSCI SYSTEM_OFF).
  .text
  .globl _start
_start:
  mov x20, x0
  mov x21, x1
  mov x22, x2
  mov x23, x3
  mrs x27, cntvct_el0
  adr x9, _start
  sub x9, x9, #0x200, lsl #12
  ldr x9, [x9, #32]
  sub x27, x27, x9
  mrs x24, CurrentEL
  mrs x25, sctlr_el1
  mrs x26, mair_el1
  cmp x24, #8
  b.ne 1f
  mrs x25, sctlr_el2
  mrs x26, mair_el2
1:
  mov x9, #0x09000000
  mov w10, #'K'
  str w10, [x9]
  .irp register, x20, x21, x22, x23, x24, x25, x26, x27
  mov x0, \register
  bl hex
  .endr
  mov w10, #'\n'
  str w10, [x9]
  mov w0, #0x0008
  movk w0, #0x8400, lsl #16
  cmp x24, #8
  b.eq 2f
  hvc #0
2:
  smc #0
  b .

hex:  // a blank and the sixteen digits of x0; changes x10 to x12
  mov w10, #' '
  str w10, [x9]
  mov x11, #60
3:
  lsr x12, x0, x11
  and w12, w12, #15
  add w10, w12, #'0'
  cmp w12, #10
  b.lo 4f
  add w10, w12, #('a' - 10)
4:
  str w10, [x9]
  subs x11, x11, #4
  b.pl 3b
  ret
