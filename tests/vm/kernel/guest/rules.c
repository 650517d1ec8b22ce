// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

// KEXEC_DESTINATION_MEMORY_LIMIT on x86_64 is MAXMEM - 1: 46 bits of physical address with four levels of
// page tables, 52 with five (arch/x86/include/asm/kexec.h, pgtable_64_types.h, sparsemem.h). la57 is shown if
// five are in use.
struct Machine ThisMachine(void) {
  struct Machine machine = {.ram_pages = TotalPages(), .limit = (1ull << 46) - 1};
  FILE* cpus = fopen("/proc/cpuinfo", "r");
  if (!cpus) Die("/proc/cpuinfo");
  char line[4096];
  while (fgets(line, sizeof(line), cpus)) {
    if (strncmp(line, "flags", 5) == 0 && strstr(line, " la57")) machine.limit = (1ull << 52) - 1;
  }
  fclose(cpus);
  return machine;
}

static uint64_t Pages(uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }
static uint64_t Begin(const struct kexec_segment* segment) { return (uint64_t)segment->mem; }
static uint64_t End(const struct kexec_segment* segment) { return Begin(segment) + segment->memsz; }

static int AddressError(const struct Machine* machine, const struct Image* image) {
  for (unsigned long at = 0; at < image->count; ++at) {
    const uint64_t begin = Begin(&image->segments[at]), end = End(&image->segments[at]);
    if (begin > end || begin % kPageBytes || end % kPageBytes || end >= machine->limit) return EADDRNOTAVAIL;
  }
  return 0;
}

static int OverlapError(const struct Image* image) {
  for (unsigned long at = 0; at < image->count; ++at) {
    for (unsigned long other = 0; other < at; ++other) {
      const struct kexec_segment *one = &image->segments[at], *two = &image->segments[other];
      if (End(one) > Begin(two) && Begin(one) < End(two)) return EINVAL;
    }
  }
  return 0;
}

static int SizeError(const struct Machine* machine, const struct Image* image) {
  uint64_t total = 0;
  for (unsigned long at = 0; at < image->count; ++at) {
    const struct kexec_segment* segment = &image->segments[at];
    if (segment->bufsz > segment->memsz) return EINVAL;
    if (Pages(segment->memsz) > machine->ram_pages / 2) return EINVAL;
    total += Pages(segment->memsz);
  }
  return total > machine->ram_pages / 2 ? EINVAL : 0;
}

static int RegionError(const struct Machine* machine, const struct Image* image) {
  for (unsigned long at = 0; at < image->count; ++at) {
    const struct kexec_segment* segment = &image->segments[at];
    if (Begin(segment) < machine->crash_begin || End(segment) - 1 > machine->crash_end - 1)
      return EADDRNOTAVAIL;
  }
  return 0;
}

int ExpectedError(const struct Machine* machine, const struct Image* image, unsigned long flags) {
  const int crash = (flags & KEXEC_ON_CRASH) != 0;
  if (image->count > kMaxSegments) return EINVAL;
  if (crash && (image->entry < machine->crash_begin || image->entry > machine->crash_end - 1))
    return EADDRNOTAVAIL;
  int error = AddressError(machine, image);
  if (!error) error = OverlapError(image);
  if (!error) error = SizeError(machine, image);
  if (!error && crash) error = RegionError(machine, image);
  return error;
}
