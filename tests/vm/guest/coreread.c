// SPDX-License-Identifier: GPL-2.0-or-later
// coreread pattern CORE SEED     looks for the pages of the pattern in all of CORE; prints runs as `pattern` does
// coreread bytes CORE BEGIN END  writes what CORE holds of the physical range [BEGIN, END), in the order of its headers
//
// CORE is an ELF64 core of a whole machine, such as /proc/vmcore. It is mapped window by window, never read whole.
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pattern.h"

static const uint64_t kWindowBytes = UINT64_C(256) << 20;

typedef struct {
  int file;
  unsigned count;
  Elf64_Phdr* headers;
} Core;

// Takes `bytes` bytes at `data`, which lie at `physical`.
typedef void Visit(void* context, const unsigned char* data, uint64_t physical, uint64_t bytes);

static void Die(const char* what) {
  perror(what);
  exit(2);
}

static Core OpenCore(const char* path) {
  Core core = {.file = open(path, O_RDONLY)};
  Elf64_Ehdr header;
  if (core.file < 0 || pread(core.file, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) Die(path);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) {
    fprintf(stderr, "coreread: '%s' is no ELF64 file\n", path);
    exit(2);
  }
  const size_t bytes = header.e_phnum * sizeof(Elf64_Phdr);
  core.count = header.e_phnum;
  core.headers = malloc(bytes);
  if (!core.headers || pread(core.file, core.headers, bytes, (off_t)header.e_phoff) != (ssize_t)bytes)
    Die(path);
  return core;
}

// Maps [offset, offset + bytes) of the file, where `offset` holds physical address `physical`, and visits it.
static void VisitWindow(const Core* core, uint64_t offset, uint64_t physical, uint64_t bytes, Visit* visit,
                        void* context) {
  const uint64_t slack = offset % (uint64_t)sysconf(_SC_PAGESIZE);
  const unsigned char* data =
      mmap(NULL, bytes + slack, PROT_READ, MAP_PRIVATE, core->file, (off_t)(offset - slack));
  if (data == MAP_FAILED) Die("mmap of the core");
  visit(context, data + slack, physical, bytes);
  munmap((void*)data, bytes + slack);
}

// Visits what PT_LOAD headers hold of the physical range [begin, end).
static void VisitRange(const Core* core, uint64_t begin, uint64_t end, Visit* visit, void* context) {
  for (unsigned i = 0; i < core->count; ++i) {
    const Elf64_Phdr* load = &core->headers[i];
    if (load->p_type != PT_LOAD) continue;
    uint64_t at = load->p_paddr > begin ? load->p_paddr : begin;
    const uint64_t load_end = load->p_paddr + load->p_filesz;
    const uint64_t stop = load_end < end ? load_end : end;
    while (at < stop) {
      const uint64_t bytes = stop - at < kWindowBytes ? stop - at : kWindowBytes;
      VisitWindow(core, load->p_offset + (at - load->p_paddr), at, bytes, visit, context);
      at += bytes;
    }
  }
}

static void WriteBytes(void* context, const unsigned char* data, uint64_t physical, uint64_t bytes) {
  (void)context;
  (void)physical;
  if (fwrite(data, 1, bytes, stdout) != bytes) Die("stdout");
}

typedef struct {
  uint64_t seed;
  uint64_t found[kPatternPages];  // physical address; 0: not seen
  unsigned damaged;
} Search;

static void LookAtPage(Search* search, const unsigned char* data, uint64_t physical) {
  uint64_t words[2];
  memcpy(words, data, sizeof(words));
  const uint64_t index = words[0] ^ words[1];
  if (words[0] != PatternWord(search->seed, 0, 0) || index >= kPatternPages) return;
  for (unsigned at = 2; at < kPageWords; ++at) {
    uint64_t word;
    memcpy(&word, data + at * sizeof(word), sizeof(word));
    if (word == PatternWord(search->seed, index, at)) continue;
    printf("page %" PRIu64 " at %#" PRIx64 " differs in word %u\n", index, physical, at);
    ++search->damaged;
    return;
  }
  if (search->found[index] != 0 && search->found[index] != physical) {
    printf("page %" PRIu64 " is at %#" PRIx64 " and %#" PRIx64 "\n", index, search->found[index], physical);
    ++search->damaged;
  }
  search->found[index] = physical;
}

static void LookAtWindow(void* context, const unsigned char* data, uint64_t physical, uint64_t bytes) {
  const uint64_t skip = (kPageBytes - physical % kPageBytes) % kPageBytes;
  for (uint64_t at = skip; at + kPageBytes <= bytes; at += kPageBytes)
    LookAtPage(context, data + at, physical + at);
}

// Prints the runs of pages found; returns how many pages were.
static unsigned PrintRuns(const Search* search) {
  unsigned pages = 0;
  for (uint64_t first = 0; first < kPatternPages;) {
    if (search->found[first] == 0) {
      ++first;
      continue;
    }
    uint64_t next = first + 1;
    while (next < kPatternPages && search->found[next] == search->found[first] + (next - first) * kPageBytes)
      ++next;
    printf("%" PRIu64 " %#" PRIx64 " %" PRIu64 "\n", first, search->found[first], next - first);
    pages += (unsigned)(next - first);
    first = next;
  }
  return pages;
}

static int FindPattern(const Core* core, uint64_t seed) {
  static Search search;
  search.seed = seed;
  VisitRange(core, 0, UINT64_MAX, LookAtWindow, &search);
  return PrintRuns(&search) == kPatternPages && search.damaged == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "pattern") == 0) {
    const Core core = OpenCore(argv[2]);
    return FindPattern(&core, strtoull(argv[3], NULL, 0));
  }
  if (argc == 5 && strcmp(argv[1], "bytes") == 0) {
    const Core core = OpenCore(argv[2]);
    VisitRange(&core, strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0), WriteBytes, NULL);
    return fflush(stdout) == 0 ? 0 : 2;
  }
  fputs("usage: coreread pattern CORE SEED | bytes CORE BEGIN END\n", stderr);
  return 1;
}
