// SPDX-License-Identifier: GPL-2.0-or-later
// Decides which of the machine's pages are free: takes all of them, then gives back the wanted ones. What is
// kept holds names, and can be asked later whether somebody wrote over it.
#pragma once

#include <stdint.h>

// A physical range [begin, end).
struct Range {
  uint64_t begin;
  uint64_t end;
};

enum Release {
  kReleaseNothing,
  kReleaseInside,   // the pages in the range: everything the kernel is given lies at a destination
  kReleaseOutside,  // as many pages elsewhere: every destination is occupied
  kReleaseMixed,    // both, in random order
};

struct Hog {
  uint64_t* words;
  uint64_t pages;
  uint8_t* kept;  // for each page
};

// Takes free memory until `reserve_kib` are left.
struct Hog TakeMemory(uint64_t reserve_kib);
// Gives pages of `hog` back, `range` being where the image goes. Returns how many.
uint64_t ReleaseMemory(struct Hog* hog, enum Release release, struct Range range, uint64_t seed);
// How many of the kept pages do not hold what was written.
uint64_t DamagedPages(const struct Hog* hog);

uint64_t FreeKib(void);
// With the free pages that a CPU keeps for itself: comes back to the same value when nothing was lost.
uint64_t UnusedKib(void);
uint64_t TotalPages(void);

// A generator of numbers that are the same for the same seed.
uint64_t NextRandom(uint64_t* state);
