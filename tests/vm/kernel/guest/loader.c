// SPDX-License-Identifier: GPL-2.0-or-later
// loader [NAME=VALUE]... [load|unload|execute|jump|panic]
//
// Loads an image (payload and parts) by kexec_load and says how long it took; then unloads or executes it,
// jumps into it and back, or leaves it to the next panic.
//
//   at=ADDRESS        where the first part goes
//   payload=ADDRESS   where the payload goes
//   kib=N             all parts together (0)
//   parts=N           how many parts (1)
//   filled=PERCENT    of each part has content (100)
//   ends=1            the payload looks at the first and the last word of a page only
//   release=WHAT      first all memory is taken, then given back is what lies 'inside' the image's
//                     destination, as much 'outside' of it, 'mixed' or 'nothing'; else memory stays as it is
//   reserve=KIB       stays free besides (24576)
//   jumps=N           how often to jump (2)
//   peak=1            measures the most memory that was in use during the load
//
// Before it executes it writes its time stamp counter into the kernel's log: the log's own time stamps then
// tell when the kernel began to relocate, the payload when it was done.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "memory.h"

struct Options {
  struct Shape shape;
  enum Release release;
  int shaped;
  uint64_t reserve_kib;
  uint64_t jumps;
  int peak;
  const char* then;
};

static void Usage(const char* word) {
  fprintf(stderr, "loader: unknown argument '%s'\n", word);
  exit(125);
}

static enum Release ReleaseOf(const char* word) {
  static const char* const names[] = {"nothing", "inside", "outside", "mixed"};
  for (unsigned at = 0; at < sizeof(names) / sizeof(names[0]); ++at) {
    if (strcmp(word, names[at]) == 0) return (enum Release)at;
  }
  Usage(word);
  return kReleaseNothing;
}

static void Set(struct Options* options, const char* name, const char* value) {
  struct Shape* shape = &options->shape;
  if (strcmp(name, "at") == 0)
    shape->at = Number(value);
  else if (strcmp(name, "payload") == 0)
    shape->payload_at = Number(value);
  else if (strcmp(name, "kib") == 0)
    shape->bytes = Number(value) * 1024;
  else if (strcmp(name, "parts") == 0)
    shape->parts = (unsigned)Number(value);
  else if (strcmp(name, "filled") == 0)
    shape->filled_percent = (unsigned)Number(value);
  else if (strcmp(name, "ends") == 0)
    shape->every_word = !Number(value);
  else if (strcmp(name, "reserve") == 0)
    options->reserve_kib = Number(value);
  else if (strcmp(name, "jumps") == 0)
    options->jumps = Number(value);
  else if (strcmp(name, "peak") == 0)
    options->peak = (int)Number(value);
  else if (strcmp(name, "release") == 0)
    options->release = ReleaseOf(value), options->shaped = 1;
  else
    Usage(name);
}

static struct Options Parse(int argc, char** argv) {
  struct Options options = {.shape = {.parts = 1, .filled_percent = 100, .every_word = 1},
                            .reserve_kib = 24576,
                            .jumps = 2,
                            .then = "load"};
  for (int next = 1; next < argc; ++next) {
    char* equals = strchr(argv[next], '=');
    if (equals) {
      *equals = '\0';
      Set(&options, argv[next], equals + 1);
    } else {
      options.then = argv[next];
    }
  }
  if (options.shape.parts > kMaxParts) Usage("parts");
  options.shape.returns = strcmp(options.then, "jump") == 0;
  return options;
}

// A child that looks at the free memory every 100 us while this process loads; on one CPU it runs when the
// kernel offers to reschedule.
struct Sampler {
  pid_t child;
  volatile uint64_t* lowest_kib;
};

static struct Sampler StartSampler(void) {
  struct Sampler sampler = {
      .lowest_kib = mmap(NULL, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
  if (sampler.lowest_kib == MAP_FAILED) Die("mmap");
  *sampler.lowest_kib = UINT64_MAX;
  sampler.child = fork();
  if (sampler.child < 0) Die("fork");
  while (sampler.child == 0) {
    const uint64_t now = UnusedKib();
    if (now < *sampler.lowest_kib) *sampler.lowest_kib = now;
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  }
  while (*sampler.lowest_kib == UINT64_MAX) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  return sampler;
}

static uint64_t StopSampler(const struct Sampler* sampler) {
  kill(sampler->child, SIGKILL);
  waitpid(sampler->child, NULL, 0);
  return *sampler->lowest_kib;
}

static unsigned long FlagsOf(const struct Options* options) {
  if (strcmp(options->then, "jump") == 0) return KEXEC_PRESERVE_CONTEXT;
  return strcmp(options->then, "panic") == 0 ? KEXEC_ON_CRASH : 0;
}

static void LoadAndTell(const struct Options* options, const struct Image* image) {
  struct Sampler sampler = {.child = 0};
  if (options->peak) sampler = StartSampler();
  const uint64_t free_before = UnusedKib(), begin = Ticks();
  const int error = Load(image, FlagsOf(options));
  const uint64_t ticks = Ticks() - begin, free_after = UnusedKib();
  printf("error=%s\nload_ticks=%" PRIu64 "\nused_kib=%" PRId64 "\n", error ? strerrorname_np(error) : "0",
         ticks, (int64_t)(free_before - free_after));
  if (options->peak) printf("peak_kib=%" PRId64 "\n", (int64_t)(free_before - StopSampler(&sampler)));
  printf("loaded=%d\n", Loaded(FlagsOf(options)));
  fflush(stdout);
  if (error) exit(1);
}

// Each jump comes back here; what the process held must be as it was.
static void Jump(const struct Options* options, const struct Hog* hog) {
  for (uint64_t number = 0; number < options->jumps; ++number) {
    const int error = Execute();
    printf("jump=%" PRIu64 " error=%d damaged=%" PRIu64 " held=%" PRIu64 "\n", number + 1, error,
           DamagedPages(hog), hog->pages);
    fflush(stdout);
    if (error) exit(1);
  }
}

static int ExecuteAndTell(void) {
  fflush(stdout);
  tcdrain(STDOUT_FILENO);  // if it is the serial line: what is said must be out
  FILE* log = fopen("/dev/kmsg", "w");
  if (!log) Die("/dev/kmsg");
  fprintf(log, "loader: begin_ticks=%" PRIu64 "\n", Ticks());
  fclose(log);
  printf("execute: %s\n", strerror(Execute()));
  return 1;
}

int main(int argc, char** argv) {
  const struct Options options = Parse(argc, argv);
  const struct Shape* shape = &options.shape;
  const struct Pool pool = MakePool(shape->bytes);
  struct Image image;
  MakeImage(&image, shape, &pool);
  struct Hog hog = {.pages = 0};
  if (options.shaped) {
    const struct Range range = {shape->at, shape->at + shape->bytes + shape->parts * kPageBytes};
    hog = TakeMemory(options.reserve_kib);
    printf("released=%" PRIu64 "\n", ReleaseMemory(&hog, options.release, range, 1));
  }
  LoadAndTell(&options, &image);
  if (strcmp(options.then, "jump") == 0) Jump(&options, &hog);
  if (strcmp(options.then, "unload") == 0) return Unload(0);
  return strcmp(options.then, "execute") == 0 ? ExecuteAndTell() : 0;
}
