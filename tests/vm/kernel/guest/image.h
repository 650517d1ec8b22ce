// SPDX-License-Identifier: GPL-2.0-or-later
// Images made of the payload and of parts whose pages have names, and the system call that loads them. Every
// program of this folder uses it; nothing here runs outside a guest.
#pragma once

#include <linux/kexec.h>
#include <stddef.h>
#include <stdint.h>

#include "payload.h"

enum { kMaxSegments = KEXEC_SEGMENT_MAX };
_Static_assert(kMaxParts + 1 == kMaxSegments, "the payload and the parts");

// Content for parts: `pages` pages called 0, 1, ... that repeat in `bytes` bytes of address space, all of
// them present, so that an image of gigabytes is loaded from a few megabytes.
struct Pool {
  char* begin;
  size_t bytes;
  uint64_t pages;
};

// A segment list as kexec_load takes it, and the memory behind it.
struct Image {
  struct kexec_segment segments[kMaxSegments];
  unsigned long count;
  unsigned long entry;
  struct Parameters* parameters;  // in the payload's buffer
};

// Where an image of this form goes.
struct Shape {
  uint64_t payload_at;  // physical
  uint64_t at;          // of the first part; parts follow each other with a page between them
  uint64_t bytes;       // of all parts
  unsigned parts;
  unsigned filled_percent;  // of each part; the rest is zero
  int every_word;
  int returns;
};

_Noreturn void Die(const char* what);
uint64_t Number(const char* text);

struct Pool MakePool(size_t bytes);
void MakeImage(struct Image* image, const struct Shape* shape, const struct Pool* pool);
// Takes the payload and `parts` as they are.
void MakeImageOf(struct Image* image, uint64_t payload_at, const struct Part* parts, unsigned count,
                 const struct Pool* pool);
void FreeImage(struct Image* image);

// kexec_load: 0 or the error number. `flags` without the architecture's bits.
int Load(const struct Image* image, unsigned long flags);
int Unload(unsigned long flags);
// What /sys/kernel/kexec_loaded or, with KEXEC_ON_CRASH, kexec_crash_loaded says.
int Loaded(unsigned long flags);
// Executes what is loaded; returns if that returns (KEXEC_PRESERVE_CONTEXT) or fails: 0 or the error number.
int Execute(void);

uint64_t Ticks(void);
