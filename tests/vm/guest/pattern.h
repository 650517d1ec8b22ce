// SPDX-License-Identifier: GPL-2.0-or-later
// The pattern one kernel leaves in memory and the next one looks for: pages that name themselves.
#pragma once

#include <stdint.h>

enum { kPageBytes = 4096, kPageWords = kPageBytes / 8, kPatternPages = 4096 };  // 16 MiB

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), the mixing function of SplitMix64.
static inline uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// Word `at` of page `index`: the first tells the seed, the second the page, the rest is noise of both.
static inline uint64_t PatternWord(uint64_t seed, uint64_t index, unsigned at) {
  if (at == 0) return Mix(seed);
  if (at == 1) return Mix(seed) ^ index;
  return Mix(Mix(seed ^ Mix(index)) + at);
}
