// SPDX-License-Identifier: LGPL-2.1-or-later
// MMU and caches on and off. Memory is the same whichever way it is read: before they go on, lines that may still be in
// the data cache are dropped; after they went off, what they hold is written back, before anything reads it.
#include "cpu.inc"

  .text
// void purgatory_drop_tlb(void): changes x0.
drop_tlb:
  mrs x0, CurrentEL
  cmp x0, #CURRENT_EL2
  b.eq 1f
  tlbi vmalle1
  b 2f
1:
  tlbi alle2
2:
  dsb sy
  isb
  ret

// void purgatory_mmu_on(void): the translation registers are set and the tables written. The lines of purgatory's own
// memory are dropped, not written back: with the caches off, what is in memory is the truth.
  .globl purgatory_mmu_on
  .hidden purgatory_mmu_on
purgatory_mmu_on:
  mov x9, x30
  dsb sy
  own_lines ivac, x0, x1, x2
  bl drop_tlb
  read_system x0, sctlr, x1
  mov x2, #(SCTLR_M | SCTLR_C)
  orr x2, x2, #SCTLR_I
  orr x0, x0, x2
  write_system sctlr, x0, x1
  isb
  ret x9

// void purgatory_mmu_off(void): uses no memory until all lines are written back. Harmless when it is off.
  .globl purgatory_mmu_off
  .hidden purgatory_mmu_off
purgatory_mmu_off:
  mov x9, x30
  dsb sy
  read_system x0, sctlr, x1
  mov x2, #(SCTLR_M | SCTLR_C)
  bic x0, x0, x2
  write_system sctlr, x0, x1
  isb
  own_lines civac, x0, x1, x2
  bl drop_tlb
  ret x9

  .section .note.GNU-stack, "", %progbits
