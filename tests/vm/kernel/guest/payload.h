// SPDX-License-Identifier: GPL-2.0-or-later
// What the loader (image.c) and the payload it loads have in common: the payload's parameters, and what every
// page of the image holds, so that the payload can tell after the jump whether each one is where it belongs.
#pragma once

#include <stdint.h>

enum { kPageBytes = 4096, kPageWords = kPageBytes / 8, kMaxParts = 15 };

// The payload is one segment: code from its start on, the parameters in its last page.
enum { kPayloadCodeBytes = 2 * kPageBytes, kPayloadBytes = kPayloadCodeBytes + kPageBytes };

// One further segment: `filled` bytes of content, a multiple of 8, then zeros to the end of its last page.
struct Part {
  uint64_t begin;  // physical
  uint64_t pages;
  uint64_t filled;
  uint64_t name;  // of its first page; the next page has the next name
};

struct Parameters {
  uint64_t part_count;
  struct Part parts[kMaxParts];
  uint64_t pool_pages;  // names repeat after so many pages
  uint64_t every_word;  // compare every word of a page, else the first and the last
  uint64_t returns;     // go back to the kernel that jumped, else reset the machine
  uint64_t entered;     // how often the payload ran; counted by the payload itself
};

// Word `at` of the page called `name`: all words of all pages differ (the factor is odd).
static inline uint64_t PageWord(uint64_t name, unsigned at) {
  return (name * kPageWords + at + 1) * 0x9e3779b97f4a7c15u;
}
