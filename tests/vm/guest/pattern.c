// SPDX-License-Identifier: GPL-2.0-or-later
// pattern SEED
//
// Leaves a process behind that holds the 16 MiB pattern of SEED locked in memory, and prints where it lies, from
// /proc/self/pagemap: lines "PAGE PHYSICAL-ADDRESS PAGES", one per run. Returns when the pattern stands.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pattern.h"

static void Die(const char* what) {
  perror(what);
  exit(1);
}

static uint64_t* WritePattern(uint64_t seed) {
  const size_t bytes = (size_t)kPatternPages * kPageBytes;
  uint64_t* words = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (words == MAP_FAILED) Die("mmap");
  // Small pages: scattered over memory, and khugepaged has no reason to move them. A kernel without huge
  // pages says EINVAL.
  if (madvise(words, bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL) Die("madvise");
  if (mlock(words, bytes) != 0) Die("mlock");
  for (uint64_t page = 0; page < kPatternPages; ++page) {
    for (unsigned at = 0; at < kPageWords; ++at) words[page * kPageWords + at] = PatternWord(seed, page, at);
  }
  return words;
}

// The physical address of the page at `words` (Documentation/admin-guide/mm/pagemap.rst: bits 0-54 are the frame
// number, bit 63 says present). The kernel's pages may be larger than the pattern's.
static uint64_t PhysicalAddress(int pagemap, const uint64_t* words) {
  uint64_t entry = 0;
  const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
  const off_t at = (off_t)((uintptr_t)words / page_bytes * sizeof(entry));
  if (pread(pagemap, &entry, sizeof(entry), at) != (ssize_t)sizeof(entry)) Die("/proc/self/pagemap");
  if (entry >> 63 == 0) Die("a page is not present");
  return (entry & ((UINT64_C(1) << 55) - 1)) * page_bytes + (uintptr_t)words % page_bytes;
}

static void PrintRuns(const uint64_t* words) {
  const int pagemap = open("/proc/self/pagemap", O_RDONLY);
  if (pagemap < 0) Die("/proc/self/pagemap");
  uint64_t first = 0, begin = PhysicalAddress(pagemap, words);
  for (uint64_t page = 1; page <= kPatternPages; ++page) {
    const uint64_t here = page < kPatternPages ? PhysicalAddress(pagemap, words + page * kPageWords) : 0;
    if (here == begin + (page - first) * kPageBytes) continue;
    printf("%" PRIu64 " %#" PRIx64 " %" PRIu64 "\n", first, begin, page - first);
    first = page;
    begin = here;
  }
  if (fflush(stdout) != 0) Die("stdout");
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fputs("usage: pattern SEED\n", stderr);
    return 1;
  }
  int ready[2];
  if (pipe(ready) != 0) Die("pipe");
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    PrintRuns(WritePattern(strtoull(argv[1], NULL, 0)));
    if (write(ready[1], "", 1) != 1) Die("pipe");
    for (;;) pause();
  }
  close(ready[1]);
  char byte;
  return read(ready[0], &byte, 1) == 1 ? 0 : 1;
}
