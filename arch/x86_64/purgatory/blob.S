// SPDX-License-Identifier: LGPL-2.1-or-later
// The finished blob as data of the library. The build defines KEXEC_PURGATORY_BLOB.
  .section .rodata
  .balign 16
  .globl kexec_purgatory_x86_64_begin, kexec_purgatory_x86_64_end
  .hidden kexec_purgatory_x86_64_begin, kexec_purgatory_x86_64_end
kexec_purgatory_x86_64_begin:
  .incbin KEXEC_PURGATORY_BLOB
kexec_purgatory_x86_64_end:
  .section .note.GNU-stack, "", @progbits
