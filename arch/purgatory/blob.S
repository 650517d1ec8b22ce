// SPDX-License-Identifier: LGPL-2.1-or-later
// A finished blob as data of the library: KEXEC_PURGATORY_NAME_begin to _end. The build defines that name, and
// KEXEC_PURGATORY_BLOB unless it had no compiler for the machine: then there is nothing between the two.
#define JOIN(a, b) a##b
#define SYMBOL(name, suffix) JOIN(name, suffix)
#define BEGIN SYMBOL(KEXEC_PURGATORY_NAME, _begin)
#define END SYMBOL(KEXEC_PURGATORY_NAME, _end)

  .section .rodata
  .balign 16
  .globl BEGIN, END
  .hidden BEGIN, END
BEGIN:
#ifdef KEXEC_PURGATORY_BLOB
  .incbin KEXEC_PURGATORY_BLOB
#endif
END:
  .section .note.GNU-stack, "", %progbits
