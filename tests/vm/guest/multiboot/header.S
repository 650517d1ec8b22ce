// SPDX-License-Identifier: GPL-2.0-or-later
// The payload's headers and entry. One of them is assembled in, by -DMULTIBOOT1=FLAGS, -DMULTIBOOT1_FLAT (load
// addresses in the header, for a file without ELF headers), -DMULTIBOOT2 or -DMULTIBOOT2_RELOCATABLE=PREFERENCE.
#define MAGIC1 0x1badb002
#define MAGIC2 0xe85250d6

  .section .header, "ax"
  .globl start
start:
  jmp enter

#ifdef MULTIBOOT1
  .balign 4
header:
  .long MAGIC1, MULTIBOOT1, -(MAGIC1 + MULTIBOOT1)
  .long header, start, data_end, bss_end, start
#endif

#if defined(MULTIBOOT2) || defined(MULTIBOOT2_RELOCATABLE)
  .balign 8
header:
  .long MAGIC2, 0, header_end - header, -(MAGIC2 + header_end - header)
  // Information request: basic memory, memory map; optional: everything a PC may have.
  .short 1, 0
  .long 16, 4, 6
  .short 1, 1
  .long 32, 8, 12, 13, 14, 15, 99
  // Module alignment; framebuffer; an unknown tag that may be ignored.
  .short 6, 0
  .long 8
  .short 5, 1
  .long 20, 0, 0, 0, 0
  .short 200, 1
  .long 12, 0, 0
#ifdef MULTIBOOT2_RELOCATABLE
  .short 10, 0
  .long 24, 0x200000, 0xffffffff, 0x200000, MULTIBOOT2_RELOCATABLE
#endif
  .short 0, 0
  .long 8
header_end:
#endif

  .text
enter:
  // Nothing but %eax, %ebx and the segments is promised. The stack lies behind the code, wherever that is.
  call 1f
1:popl %ecx
  leal stack_end - 1b(%ecx), %esp
  leal start - 1b(%ecx), %edx
  pushl %edx
  pushl %ebx
  pushl %eax
  call tell
2:hlt
  jmp 2b

  .bss
  .balign 16
  .skip 4096
stack_end:

  .section .note.GNU-stack, "", @progbits
