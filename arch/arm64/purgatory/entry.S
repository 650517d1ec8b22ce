// SPDX-License-Identifier: LGPL-2.1-or-later
// The way in and the way out. Entered by the old kernel at EL1 or EL2 with the MMU and the data cache off and
// interrupts masked; stack, vectors and everything else are unknown. What lies behind the blob's bytes need not be
// zero. Nothing here may use a 64-bit address constant: there is nobody to relocate it.
#include "cpu.inc"
#include "params.h"

  .section .params, "aw"
  .globl purgatory_params
  .hidden purgatory_params
purgatory_params:
  .quad KEXEC_PURGATORY_MAGIC
  .long KEXEC_ARM64_PURGATORY_VERSION
  .long KEXEC_ARM64_PURGATORY_PARAMS_SIZE
  .long purgatory_entry - purgatory_params
  .long purgatory_file_end - purgatory_params
  .long purgatory_memory_end - purgatory_params
  .fill KEXEC_ARM64_PURGATORY_PARAMS_SIZE - (. - purgatory_params)

  .section .entry, "ax"
  .globl purgatory_entry
purgatory_entry:
  msr daifset, #15
  msr spsel, #1
  read_system x19, sctlr, x0
  bic x0, x19, #(SCTLR_M | SCTLR_A | SCTLR_C)
  bic x0, x0, #SCTLR_WXN
  bic x0, x0, #SCTLR_EE  // a big-endian kernel may have left it set
  write_system sctlr, x0, x1
  isb
  read_system x20, vbar, x0
  adr x0, vectors
  write_system vbar, x0, x1
  bl vector_registers_on
  mov x21, x0
  isb
  adr x0, purgatory_stack_end
  mov sp, x0
  bl purgatory_main  // returns only if the kernel may be started
  write_system vbar, x20, x1
  bl vector_registers_restore
  write_system sctlr, x19, x1
  ic iallu
  dsb sy
  isb
  adr x4, purgatory_params
  ldr x0, [x4, #KEXEC_ARM64_OFFSET_DTB_ADDRESS]
  ldr x4, [x4, #KEXEC_ARM64_OFFSET_KERNEL_ENTRY]
  mov x1, xzr
  mov x2, xzr
  mov x3, xzr
  br x4

// Both change x1 and x2 only, besides what they return in x0 and take in x21: the register as it was.
vector_registers_on:
  branch_if_el2_names x1, 1f
  mrs x0, cpacr_el1
  orr x2, x0, #CPACR_FPEN
  msr cpacr_el1, x2
  ret
1:
  mrs x0, cptr_el2
  bic x2, x0, #CPTR_TFP
  msr cptr_el2, x2
  ret

vector_registers_restore:
  branch_if_el2_names x1, 1f
  msr cpacr_el1, x21
  ret
1:
  msr cptr_el2, x21
  ret

// Any exception ends here: registers to tell about, caches off, a fresh stack.
fault:
  read_system x0, esr, x4
  read_system x1, elr, x4
  read_system x2, far, x4
  mov x21, x0
  mov x22, x1
  mov x23, x2
  bl purgatory_mmu_off
  mov x0, x21
  mov x1, x22
  mov x2, x23
  adr x4, purgatory_stack_end
  mov sp, x4
  b purgatory_fault

// Sixteen vectors of 128 bytes (Arm ARM, D1.3.1 "Exception vectors").
  .balign 2048
vectors:
  .rept 16
  b fault
  .balign 128
  .endr

  .bss
  .balign 16
  .skip 8192
purgatory_stack_end:

  .section .note.GNU-stack, "", %progbits
