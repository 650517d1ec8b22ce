// SPDX-License-Identifier: GPL-2.0-or-later
// vectors seed=N seconds=N crash_begin=ADDRESS crash_end=ADDRESS [jump_every=N]
//
// Loads random segment lists, right ones and wrong ones, for so many seconds and compares what the kernel
// answers with rules.c. Every so many of those it takes are jumped into, and the payload looks at every word
// of them. The list number I of seed S is made from S and I alone, so a disagreement can be repeated.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "image.h"
#include "memory.h"
#include "rules.h"

enum { kMaxPartPages = 1024, kSpan = 1 << 20 };

struct Options {
  uint64_t seed;
  uint64_t seconds;
  uint64_t jump_every;
  struct Machine machine;
};

struct Counts {
  uint64_t tried, taken, refused, jumped, disagreed;
};

static struct Options Parse(int argc, char** argv) {
  struct Options options = {.seconds = 10, .machine = ThisMachine()};
  const struct {
    const char* name;
    uint64_t* value;
  } known[] = {{"seed=", &options.seed},
               {"seconds=", &options.seconds},
               {"jump_every=", &options.jump_every},
               {"crash_begin=", &options.machine.crash_begin},
               {"crash_end=", &options.machine.crash_end}};
  for (int next = 1; next < argc; ++next) {
    for (unsigned at = 0; at < sizeof(known) / sizeof(known[0]); ++at) {
      const size_t length = strlen(known[at].name);
      if (strncmp(argv[next], known[at].name, length) == 0) *known[at].value = Number(argv[next] + length);
    }
  }
  return options;
}

static uint64_t Below(uint64_t* state, uint64_t limit) { return NextRandom(state) % limit; }

// A list the kernel must take: parts one after the other from `begin` on, in random order, with gaps or
// without.
static void MakeGood(struct Image* image, uint64_t begin, const struct Pool* pool, uint64_t* random) {
  struct Part parts[kMaxParts];
  const unsigned count = (unsigned)Below(random, kMaxParts) + 1;
  const uint64_t payload_at = begin;
  uint64_t at = begin + kPayloadBytes;
  for (unsigned number = 0; number < count; ++number) {
    const uint64_t pages = Below(random, 4) ? Below(random, 64) + 1 : Below(random, kMaxPartPages) + 1;
    at += Below(random, 2) ? Below(random, 64) * kPageBytes : 0;
    parts[number] = (struct Part){.begin = at,
                                  .pages = pages,
                                  .filled = Below(random, pages * kPageBytes / 8 + 1) * 8,
                                  .name = Below(random, pool->pages)};
    at += pages * kPageBytes;
  }
  for (unsigned number = count; number > 1; --number) {
    const unsigned other = (unsigned)Below(random, number);
    const struct Part part = parts[number - 1];
    parts[number - 1] = parts[other];
    parts[other] = part;
  }
  MakeImageOf(image, payload_at, parts, count, pool);
  image->parameters->returns = 1;
}

// One way to be wrong, or just unusual.
static void Spoil(struct Image* image, const struct Machine* machine, uint64_t* random) {
  const uint64_t count = image->count < kMaxSegments ? image->count : kMaxSegments;
  struct kexec_segment* one = &image->segments[Below(random, count)];
  const struct kexec_segment* two = &image->segments[Below(random, count)];
  const uint64_t begin = (uint64_t)one->mem;
  switch (Below(random, 12)) {
    case 0:
      one->mem = (void*)(begin + Below(random, kPageBytes));
      break;
    case 1:
      one->memsz += Below(random, kPageBytes);
      break;
    case 2:
      one->bufsz = one->memsz + Below(random, kPageBytes) + 1;
      break;
    case 3:
      one->mem = (void*)((uint64_t)two->mem + two->memsz - kPageBytes);
      break;
    case 4:
      one->mem = two->mem;
      break;
    case 5:
      one->mem = (void*)-(one->memsz / 2 & -(uint64_t)kPageBytes);
      break;
    case 6:
      one->mem = (void*)(machine->limit + 1 - Below(random, 3) * kPageBytes - one->memsz);
      break;
    case 7:
      one->memsz = (machine->ram_pages / 2 - 2 + Below(random, 8)) * kPageBytes;
      break;
    case 8:
      one->memsz = 0, one->bufsz = 0;
      one->mem = (void*)((uint64_t)two->mem + Below(random, 3) * kPageBytes);
      break;
    case 9:
      one->mem = (void*)(machine->crash_end - Below(random, 4) * kPageBytes);
      break;
    case 10:
      image->entry = Below(random, 2) ? machine->crash_end + Below(random, 3) - 1 : machine->crash_begin - 1;
      break;
    default:
      image->count = kMaxSegments + 1;
      break;
  }
}

// A load that would be taken, but needs more memory than is worth filling in every round.
static int IsHuge(const struct Image* image) {
  uint64_t bytes = 0;
  for (unsigned long at = 0; at < image->count && at < kMaxSegments; ++at) bytes += image->segments[at].memsz;
  return bytes > 128ull * kSpan;
}

static void Describe(uint64_t number, const struct Image* image, unsigned long flags, int expected,
                     int actual) {
  printf("disagreement: number=%" PRIu64 " flags=%#lx entry=%#lx expected=%s actual=%s\n", number, flags,
         image->entry, expected ? strerrorname_np(expected) : "0", actual ? strerrorname_np(actual) : "0");
  for (unsigned long at = 0; at < image->count && at < kMaxSegments; ++at) {
    const struct kexec_segment* segment = &image->segments[at];
    printf("  segment %lu: mem %p memsz %#zx bufsz %#zx\n", at, segment->mem, segment->memsz, segment->bufsz);
  }
}

static void JumpInto(const struct Options* options, struct Counts* counts) {
  if (options->jump_every == 0 || counts->taken % options->jump_every) return;
  ++counts->jumped;
  const int error = Execute();
  if (error) {
    ++counts->disagreed;
    printf("jump after %" PRIu64 " lists: %s\n", counts->tried, strerror(error));
  }
}

// What is loaded after a load that failed: the normal image stays, a crash image is given up first, once the
// list got past the checks of its length.
static int LoadedAfterFailure(const struct Image* image, unsigned long flags, int before) {
  return flags & KEXEC_ON_CRASH && image->count <= kMaxSegments ? 0 : before;
}

static void Try(const struct Options* options, const struct Pool* pool, uint64_t number,
                struct Counts* counts) {
  uint64_t random = options->seed * 1000003 + number;
  const unsigned long flags = Below(&random, 4) ? KEXEC_PRESERVE_CONTEXT : KEXEC_ON_CRASH;
  struct Image image;
  const uint64_t begin = flags & KEXEC_ON_CRASH ? options->machine.crash_begin
                                                : 32ull * kSpan + Below(&random, 16384) * kPageBytes;
  MakeGood(&image, begin, pool, &random);
  const int good = Below(&random, 2) == 0;
  for (uint64_t times = good ? 0 : Below(&random, 2) + 1; times; --times)
    Spoil(&image, &options->machine, &random);
  const int expected = ExpectedError(&options->machine, &image, flags), before = Loaded(flags);
  if (!expected && (IsHuge(&image) || image.count == 0)) {
    FreeImage(&image);
    return;
  }
  const int actual = Load(&image, flags), after = Loaded(flags);
  ++counts->tried;
  if (actual)
    ++counts->refused;
  else
    ++counts->taken;
  if (actual != expected || after != (actual ? LoadedAfterFailure(&image, flags, before) : 1)) {
    ++counts->disagreed;
    Describe(number, &image, flags, expected, actual);
    printf("  loaded before %d, after %d\n", before, after);
  } else if (!actual && good && !(flags & KEXEC_ON_CRASH)) {
    JumpInto(options, counts);
  }
  FreeImage(&image);
}

// The seconds are over before that on a host that is very busy.
static int SawEachKind(const struct Options* options, const struct Counts* counts) {
  return counts->taken && counts->refused && (counts->jumped || options->jump_every == 0);
}

int main(int argc, char** argv) {
  const struct Options options = Parse(argc, argv);
  const struct Pool pool = MakePool(kMaxPartPages * kPageBytes);
  struct Counts counts = {.tried = 0};
  const time_t end = time(NULL) + (time_t)options.seconds;
  for (uint64_t number = 0; (time(NULL) < end || !SawEachKind(&options, &counts)) && counts.disagreed < 5;
       ++number)
    Try(&options, &pool, number, &counts);
  printf("seed=%" PRIu64 " tried=%" PRIu64 " taken=%" PRIu64 " refused=%" PRIu64 " jumped=%" PRIu64
         " disagreed=%" PRIu64 "\n",
         options.seed, counts.tried, counts.taken, counts.refused, counts.jumped, counts.disagreed);
  return counts.disagreed != 0;
}
