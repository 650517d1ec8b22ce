// SPDX-License-Identifier: LGPL-2.1-or-later
// The way in and the way out. Entered by the old kernel in S-mode with paging and interrupts off, a0 = hart id; for a
// crash kernel by way of a trap, hence the alignment. What lies behind the blob's bytes need not be zero. Nothing here
// may use a 64-bit address constant: there is nobody to relocate it.
#include "params.h"

  .section .params, "aw"
  .globl purgatory_params
  .hidden purgatory_params
purgatory_params:
  .quad KEXEC_PURGATORY_MAGIC
  .long KEXEC_RISCV64_PURGATORY_VERSION
  .long KEXEC_RISCV64_PURGATORY_PARAMS_SIZE
  .long purgatory_entry - purgatory_params
  .long purgatory_file_end - purgatory_params
  .long purgatory_memory_end - purgatory_params
  .fill KEXEC_RISCV64_PURGATORY_PARAMS_SIZE - (. - purgatory_params)

  .section .entry, "ax"
  .globl purgatory_entry
  .balign 4
purgatory_entry:
  csrw sie, zero
  csrw satp, zero
  mv s0, a0
  lla t0, fault
  csrw stvec, t0
  lla sp, purgatory_stack_end
  call purgatory_main  // returns only if the kernel may be started
  lla t0, purgatory_params
  ld a1, KEXEC_RISCV64_OFFSET_DTB_ADDRESS(t0)
  ld t0, KEXEC_RISCV64_OFFSET_KERNEL_ENTRY(t0)
  mv a0, s0
  fence.i
  jr t0

// Any exception ends here, with a fresh stack.
  .balign 4
fault:
  csrr a0, scause
  csrr a1, sepc
  csrr a2, stval
  lla sp, purgatory_stack_end
  tail purgatory_fault

  .bss
  .balign 16
  .skip 8192
purgatory_stack_end:

  .section .note.GNU-stack, "", @progbits
