// SPDX-License-Identifier: GPL-2.0-or-later
#include "memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "image.h"

// Names of the hog's pages: none is a name of a pool.
static const uint64_t kHogName = 1ull << 32;

static struct sysinfo Information(void) {
  struct sysinfo information;
  if (sysinfo(&information) != 0) Die("sysinfo");
  return information;
}

uint64_t FreeKib(void) {
  const struct sysinfo information = Information();
  return (uint64_t)information.freeram * information.mem_unit / 1024;
}

uint64_t UnusedKib(void) {
  FILE* zones = fopen("/proc/zoneinfo", "r");
  if (!zones) Die("/proc/zoneinfo");
  char line[128];
  uint64_t pages = 0, value;
  while (fgets(line, sizeof(line), zones)) {
    if (sscanf(line, " count: %" SCNu64, &value) == 1) pages += value;
  }
  fclose(zones);
  return FreeKib() + pages * kPageBytes / 1024;
}

uint64_t TotalPages(void) {
  const struct sysinfo information = Information();
  return (uint64_t)information.totalram * information.mem_unit / kPageBytes;
}

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): SplitMix64.
uint64_t NextRandom(uint64_t* state) {
  uint64_t value = *state += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

static void* Anonymous(uint64_t bytes) {
  void* memory =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) Die("mmap");
  return memory;
}

static void NamePage(uint64_t* words, uint64_t page) {
  words[0] = PageWord(kHogName + page, 0);
  words[kPageWords - 1] = PageWord(kHogName + page, kPageWords - 1);
}

// Freed pages stay in lists of the CPU that freed them, tens of megabytes of them, out of reach for the load:
// a small limit sends them back to the zone (Documentation/admin-guide/sysctl/vm.rst).
static void KeepNoPagesPerCpu(void) {
  static const char path[] = "/proc/sys/vm/percpu_pagelist_high_fraction";
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, "100000", 6) != 6) Die(path);
  close(file);
}

struct Hog TakeMemory(uint64_t reserve_kib) {
  enum { kAskEvery = 64 };
  KeepNoPagesPerCpu();
  struct Hog hog = {.pages = 0};
  const uint64_t most = FreeKib() * 1024 / kPageBytes;
  hog.kept = Anonymous(most);
  hog.words = Anonymous(most * kPageBytes);
  while (hog.pages < most) {
    if (hog.pages % kAskEvery == 0 && FreeKib() <= reserve_kib) break;
    NamePage(hog.words + hog.pages * kPageWords, hog.pages);
    hog.kept[hog.pages++] = 1;
  }
  return hog;
}

// The physical address of each page (Documentation/admin-guide/mm/pagemap.rst: bits 0-54 are the frame
// number, bit 63 says present).
static uint64_t* PhysicalAddresses(const struct Hog* hog) {
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) Die("/proc/self/pagemap");
  uint64_t* entries = Anonymous(hog->pages * sizeof(uint64_t));
  const off_t first = (off_t)((uintptr_t)hog->words / kPageBytes * sizeof(uint64_t));
  for (uint64_t done = 0; done < hog->pages;) {
    const ssize_t got = pread(pagemap, entries + done, (hog->pages - done) * sizeof(uint64_t),
                              first + (off_t)(done * sizeof(uint64_t)));
    if (got <= 0) Die("/proc/self/pagemap");
    done += (uint64_t)got / sizeof(uint64_t);
  }
  close(pagemap);
  for (uint64_t page = 0; page < hog->pages; ++page) {
    entries[page] = entries[page] >> 63 ? (entries[page] & ((1ull << 55) - 1)) * kPageBytes : 0;
  }
  return entries;
}

static void Shuffle(uint64_t* values, uint64_t count, uint64_t seed) {
  for (uint64_t at = count; at > 1; --at) {
    const uint64_t other = NextRandom(&seed) % at, value = values[at - 1];
    values[at - 1] = values[other];
    values[other] = value;
  }
}

// Marks what to release, the pages inside the range first: if the kernel holds some of the destination
// itself, pages outside make up for them, so that there is always room for the whole image.
static uint64_t Choose(const struct Hog* hog, const uint64_t* addresses, enum Release release,
                       struct Range range, uint64_t* chosen) {
  const uint64_t wanted = release == kReleaseNothing ? 0 : (range.end - range.begin) / kPageBytes;
  uint64_t count = 0;
  for (uint64_t page = 0; page < hog->pages && release != kReleaseOutside; ++page) {
    if (wanted && addresses[page] >= range.begin && addresses[page] < range.end) chosen[count++] = page;
  }
  uint64_t outside = release == kReleaseMixed ? wanted : wanted - count;
  for (uint64_t page = 0; page < hog->pages && outside > 0; ++page) {
    if (addresses[page] >= range.begin && addresses[page] < range.end) continue;
    chosen[count++] = page;
    --outside;
  }
  return count;
}

uint64_t ReleaseMemory(struct Hog* hog, enum Release release, struct Range range, uint64_t seed) {
  uint64_t* addresses = PhysicalAddresses(hog);
  uint64_t* chosen = Anonymous(hog->pages * sizeof(uint64_t));
  const uint64_t count = Choose(hog, addresses, release, range, chosen);
  if (release == kReleaseMixed) Shuffle(chosen, count, seed);
  for (uint64_t at = 0; at < count; ++at) {
    hog->kept[chosen[at]] = 0;
    if (madvise(hog->words + chosen[at] * kPageWords, kPageBytes, MADV_DONTNEED) != 0) Die("madvise");
  }
  munmap(chosen, hog->pages * sizeof(uint64_t));
  munmap(addresses, hog->pages * sizeof(uint64_t));
  return count;
}

uint64_t DamagedPages(const struct Hog* hog) {
  uint64_t damaged = 0;
  for (uint64_t page = 0; page < hog->pages; ++page) {
    if (!hog->kept[page]) continue;
    const uint64_t *words = hog->words + page * kPageWords, name = kHogName + page;
    damaged += words[0] != PageWord(name, 0) || words[kPageWords - 1] != PageWord(name, kPageWords - 1);
  }
  return damaged;
}
