// SPDX-License-Identifier: GPL-2.0-or-later
// What is executed instead of a kernel: looks at every page of the image it is part of, says on the first
// serial port how many are wrong, and when it was entered; then resets the machine, or returns to the kernel
// that jumped.
//
// Entered as kexec enters any image: 64-bit mode, memory mapped one to one, a stack of a page, no interrupts,
// no IDT.
#include "payload.h"

enum { kSerialPort = 0x3f8, kLineStatus = kSerialPort + 5, kTransmitterEmpty = 0x20 };

// Keyboard controller (8042): its command "pulse output line 0" is wired to the reset of the CPU.
enum { kKeyboardCommand = 0x64, kPulseReset = 0xfe };

// rdtsc comes first: it is the end of the relocation. When Report() returns, the kernel that jumped finds on
// top of the stack where to enter this payload the next time.
__asm__(
    ".section .text.entry, \"ax\"\n"
    ".globl Entry\n"
    "Entry:\n"
    "  rdtsc\n"
    "  shl $32, %rdx\n"
    "  or %rax, %rdx\n"
    "  mov %rdx, %rsi\n"
    "  lea Entry(%rip), %rdi\n"
    "  add $0x2000, %rdi\n"
    "  cld\n"
    "  call Report\n"
    "  pop %rax\n"
    "  lea Entry(%rip), %rcx\n"
    "  push %rcx\n"
    "  jmp *%rax\n"
    ".text\n");
_Static_assert(kPayloadCodeBytes == 0x2000, "the entry code above knows where the parameters are");

static void Out(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

static uint8_t In(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static void Print(const char* text) {
  for (; *text; ++text) {
    while (!(In(kLineStatus) & kTransmitterEmpty)) {
    }
    Out(kSerialPort, (uint8_t)*text);
  }
}

static void PrintNumber(const char* name, uint64_t value) {
  char digits[24];
  char* at = digits + sizeof(digits);
  *--at = '\0';
  do {
    *--at = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  Print(name);
  Print(at);
}

// The page at `words`, called `name`: `filled` words of content, then zeros.
static int PageIsRight(const uint64_t* words, uint64_t filled, uint64_t name, int every_word) {
  const unsigned step = every_word ? 1 : kPageWords - 1;
  for (unsigned at = 0; at < kPageWords; at += step) {
    if (words[at] != (at < filled ? PageWord(name, at) : 0)) return 0;
  }
  return 1;
}

static void CheckParts(const struct Parameters* parameters) {
  uint64_t pages = 0, wrong = 0, first_wrong = 0;
  for (uint64_t number = 0; number < parameters->part_count; ++number) {
    const struct Part* part = &parameters->parts[number];
    for (uint64_t page = 0; page < part->pages; ++page, ++pages) {
      const uint64_t at = page * kPageBytes, address = part->begin + at;
      const uint64_t filled = part->filled > at ? (part->filled - at) / 8 : 0;
      const uint64_t name = (part->name + page) % parameters->pool_pages;
      if (PageIsRight((const uint64_t*)address, filled, name, (int)parameters->every_word)) continue;
      if (wrong++ == 0) first_wrong = address;
    }
  }
  PrintNumber(" pages=", pages);
  PrintNumber(" wrong=", wrong);
  if (wrong) PrintNumber(" first_wrong=", first_wrong);
}

void Report(struct Parameters* parameters, uint64_t ticks) {
  ++parameters->entered;
  PrintNumber("\r\npayload: ticks=", ticks);
  PrintNumber(" entered=", parameters->entered);
  CheckParts(parameters);
  Print(" end\r\n");
  if (parameters->returns) return;
  Out(kKeyboardCommand, kPulseReset);
  for (;;) __asm__ volatile("hlt");
}
