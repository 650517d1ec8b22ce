// SPDX-License-Identifier: GPL-2.0-or-later
// Prints what a Multiboot loader gave it on the first serial port, in lines that begin with "mb ", and switches
// the machine off. Bytes are told as they are: what they mean is decided where they are checked. Runs wherever it
// is loaded.
#include <stdint.h>

#define LOADED_BY_1 0x2badb002u
#define LOADED_BY_2 0x36d76289u

void tell(uint32_t magic, uint32_t information, uint32_t base);

static uint32_t zeroed[1024];                 // .bss
static uint32_t filled[2] = {0x600dda7a, 1};  // .data

static void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out16(uint16_t port, uint16_t value) {
  __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
static uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static void put(char c) {
  while ((in8(0x3fd) & 0x20) == 0) {
  }
  out8(0x3f8, (uint8_t)c);
}

static void text(const char* s) {
  while (*s) put(*s++);
}

static char digit(uint32_t value) { return (char)(value < 10 ? '0' + value : 'a' + value - 10); }

static void number(uint32_t value) {
  text(" 0x");
  for (int shift = 28; shift >= 0; shift -= 4) put(digit(value >> shift & 15));
}

static void bytes(uint32_t address, uint32_t size) {
  const uint8_t* at = (const uint8_t*)address;
  put(' ');
  if (size == 0) put('-');
  for (uint32_t i = 0; i < size; ++i) {
    put(digit(at[i] >> 4));
    put(digit(at[i] & 15));
  }
}

static uint32_t word(uint32_t address) { return *(const volatile uint32_t*)address; }

static void line(const char* what) {
  text("\r\nmb ");
  text(what);
}

static uint32_t length(uint32_t address) {
  uint32_t size = 0;
  while (((const char*)address)[size]) ++size;
  return size;
}

// FNV-1a, 32 bits.
static void module(uint32_t begin, uint32_t end) {
  uint32_t sum = 0x811c9dc5;
  for (uint32_t at = begin; at != end; ++at) sum = (sum ^ *(const uint8_t*)at) * 0x01000193;
  line("module");
  number(begin);
  number(end);
  number(sum);
}

static void string(const char* what, uint32_t address) {
  line(what);
  bytes(address, length(address));
}

static void first_version(uint32_t information) {
  const uint32_t flags = word(information);
  line("info1");
  bytes(information, flags & 0x1000 ? 116 : 88);
  if (flags & 1 << 2) string("cmdline", word(information + 16));
  if (flags & 1 << 9) string("loader", word(information + 64));
  if (flags & 1 << 6) {
    line("mmap");
    bytes(word(information + 48), word(information + 44));
  }
  if ((flags & 1 << 3) == 0) return;
  for (uint32_t i = 0; i < word(information + 20); ++i) {
    const uint32_t entry = word(information + 24) + i * 16;
    module(word(entry), word(entry + 4));
    string("args", word(entry + 8));
  }
}

static void second_version(uint32_t information) {
  line("info2");
  number(word(information));
  number(word(information + 4));
  for (uint32_t at = information + 8; at < information + word(information);) {
    const uint32_t type = word(at), size = word(at + 4);
    line("tag");
    number(type);
    bytes(at + 8, size - 8);
    if (type == 3) module(word(at + 8), word(at + 12));
    if (type == 0 || size < 8) return;
    at += (size + 7) & ~7u;
  }
}

// From what an address-independent program cannot get wrong, to what a loader can.
static void self(uint32_t base) {
  uint32_t stray = 0;
  for (uint32_t i = 0; i < sizeof(zeroed) / sizeof(*zeroed); ++i) stray |= ((volatile uint32_t*)zeroed)[i];
  uint32_t cr0, flags;
  __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
  __asm__ volatile("pushf; pop %0" : "=r"(flags));
  line("self");
  number(base);
  number(((volatile uint32_t*)filled)[0]);
  number(stray);
  number(cr0);
  number(flags);
}

// What a BIOS, or a loader in its place, left in low memory.
static void bios(void) {
  const uint32_t extended = *(const volatile uint16_t*)0x40e;
  line("bios");
  number(extended);
  number(*(const volatile uint16_t*)0x413);
  line("ebda");
  bytes(extended << 4, extended == 0 ? 0 : 64);
}

void tell(uint32_t magic, uint32_t information, uint32_t base) {
  line("loaded");
  number(magic);
  number(information);
  self(base);
  bios();
  if (magic == LOADED_BY_1) first_version(information);
  if (magic == LOADED_BY_2) second_version(information);
  line("end\r\n");
  while ((in8(0x3fd) & 0x40) == 0) {
  }
  out16(0x604, 0x2000);  // q35 and pc: ACPI S5
  out8(0x64, 0xfe);      // the keyboard controller's reset
}
