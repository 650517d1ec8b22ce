// SPDX-License-Identifier: GPL-2.0-or-later
// misuse COMMAND at=ADDRESS payload=ADDRESS kib=N [times=N]
//
// Loads that are interrupted, starved, refused, repeated or made at the same time. Prints NAME=VALUE words;
// the host judges.
//
//   keep         loads the image that whatever comes after must leave as it is
//   repeat       loads and unloads
//   fail-nth     lets the first allocation of a load fail, then the second, ... until none is left
//   kill         kills a loading process at different moments
//   concurrent   loads in three processes
//   starve       takes memory until half of the image fits, then loads it
//   fault        a buffer ends too early: at its first page, in its middle, at its last page
//   compat       loads by the 32-bit system call
//   execute      executes what is loaded
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "memory.h"

struct Task {
  struct Shape shape;
  uint64_t times;
  struct Pool pool;
  struct Image image;
};

static const char* ErrorName(int error) { return error ? strerrorname_np(error) : "0"; }

static struct Task Parse(int argc, char** argv) {
  struct Task task = {.shape = {.parts = 4, .filled_percent = 90, .every_word = 1}, .times = 1};
  for (int next = 2; next < argc; ++next) {
    const char* value = strchr(argv[next], '=') ? strchr(argv[next], '=') + 1 : "";
    if (strncmp(argv[next], "at=", 3) == 0)
      task.shape.at = Number(value);
    else if (strncmp(argv[next], "payload=", 8) == 0)
      task.shape.payload_at = Number(value);
    else if (strncmp(argv[next], "kib=", 4) == 0)
      task.shape.bytes = Number(value) * 1024;
    else if (strncmp(argv[next], "times=", 6) == 0)
      task.times = Number(value);
    else
      fprintf(stderr, "misuse: unknown argument '%s'\n", argv[next]), exit(125);
  }
  task.pool = MakePool(task.shape.bytes);
  MakeImage(&task.image, &task.shape, &task.pool);
  return task;
}

static void Keep(struct Task* task) {
  const int error = Load(&task->image, 0);
  printf("error=%s loaded=%d\n", ErrorName(error), Loaded(0));
}

static void Repeat(struct Task* task) {
  uint64_t errors =
      Load(&task->image, 0) != 0;  // once before counting: what the kernel keeps from then on is no leak
  errors += Unload(0) != 0;
  const uint64_t before = UnusedKib();
  for (uint64_t number = 0; number < task->times; ++number)
    errors += Load(&task->image, 0) != 0 || Unload(0) != 0;
  printf("errors=%" PRIu64 " lost_kib=%" PRId64 "\n", errors, (int64_t)(before - UnusedKib()));
}

static void WriteFile(const char* path, const char* text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text)) Die(path);
  close(file);
}

// Documentation/fault-injection/fault-injection.rst: the N-th allocation of this task after writing N fails;
// reading gives 0 when it did.
static void FailNth(struct Task* task) {
  WriteFile("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
  WriteFile("/sys/kernel/debug/failslab/verbose", "0");
  WriteFile("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
  WriteFile("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
  WriteFile("/sys/kernel/debug/fail_page_alloc/min-order", "0");
  WriteFile("/sys/kernel/debug/fail_page_alloc/verbose", "0");
  const int control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
  if (control < 0) Die("/proc/thread-self/fail-nth");
  uint64_t no_memory = 0, went_on = 0, other = 0, lost = 0;
  char text[24] = "";
  if (Load(&task->image, 0) != 0) Die("the first load");
  const uint64_t before = UnusedKib();
  for (uint64_t number = 1;; ++number) {
    const int length = snprintf(text, sizeof(text), "%" PRIu64, number);
    if (pwrite(control, text, (size_t)length, 0) != length) Die("fail-nth");
    const int error = Load(&task->image, 0);
    if (pread(control, text, sizeof(text), 0) < 1) Die("fail-nth");
    if (pwrite(control, "0", 1, 0) != 1) Die("fail-nth");
    if (text[0] != '0') break;
    if (error == ENOMEM)
      ++no_memory;
    else if (error == 0)
      ++went_on;
    else
      ++other;
    lost += !Loaded(0);
  }
  printf("no_memory=%" PRIu64 " went_on=%" PRIu64 " other=%" PRIu64 " lost=%" PRIu64 " lost_kib=%" PRId64
         "\n",
         no_memory, went_on, other, lost, (int64_t)(before - UnusedKib()));
}

static volatile int* SharedWords(void) {
  void* words = mmap(NULL, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (words == MAP_FAILED) Die("mmap");
  return words;
}

static int64_t Nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

// Kills a process at a moment of its load that `random` chooses; 1 if the kernel left the load unfinished.
static int KillOne(struct Task* task, volatile int* in_call, int64_t load_takes, uint64_t* random) {
  *in_call = 0;
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    *in_call = 1;
    Load(&task->image, 0);
    for (;;) pause();
  }
  while (!*in_call) sched_yield();
  nanosleep(&(struct timespec){.tv_nsec = (long)(NextRandom(random) % (uint64_t)load_takes)}, NULL);
  kill(child, SIGKILL);
  if (waitpid(child, NULL, 0) != child) Die("waitpid");
  return !Loaded(0);
}

static void Kill(struct Task* task) {
  volatile int* in_call = SharedWords();
  uint64_t unfinished = 0, random = 1;
  const int64_t begin = Nanoseconds();
  int error = Load(&task->image, 0);
  const int64_t takes = Nanoseconds() - begin;
  Unload(0);
  const uint64_t before = UnusedKib();
  for (uint64_t number = 0; number < task->times; ++number) {
    unfinished += (uint64_t)KillOne(task, in_call, takes < 900000000 ? takes : 900000000, &random);
    Unload(0);
  }
  if (!error) error = Load(&task->image, 0);
  Unload(0);
  printf("unfinished=%" PRIu64 " error=%s lost_kib=%" PRId64 "\n", unfinished, ErrorName(error),
         (int64_t)(before - UnusedKib()));
}

static void Concurrent(struct Task* task) {
  enum { kProcesses = 3 };
  volatile int* results = SharedWords();
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    if (child < 0) Die("fork");
    if (child != 0) continue;
    for (uint64_t number = 0; number < task->times; ++number) {
      const int error = Load(&task->image, 0);
      __atomic_fetch_add(&results[error == 0 ? 0 : error == EBUSY ? 1 : 2], 1, __ATOMIC_SEQ_CST);
    }
    _exit(0);
  }
  for (int process = 0; process < kProcesses; ++process) wait(NULL);
  printf("taken=%d busy=%d other=%d loaded=%d\n", results[0], results[1], results[2], Loaded(0));
}

static void Starve(struct Task* task) {
  const struct Hog hog = TakeMemory(task->shape.bytes / 1024 / 2);
  const uint64_t before = UnusedKib();
  const int error = Load(&task->image, 0);
  printf("error=%s loaded=%d lost_kib=%" PRId64 " damaged=%" PRIu64 "\n", ErrorName(error), Loaded(0),
         (int64_t)(before - UnusedKib()), DamagedPages(&hog));
}

static void Fault(struct Task* task) {
  const size_t bytes = task->image.segments[1].bufsz & -(size_t)kPageBytes;
  const size_t ends[] = {0, bytes / 2 & -(size_t)kPageBytes, bytes - kPageBytes};
  const uint64_t before = UnusedKib();
  printf("errors=");
  for (unsigned at = 0; at < sizeof(ends) / sizeof(ends[0]); ++at) {
    char* buffer =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (buffer == MAP_FAILED || mprotect(buffer + ends[at], kPageBytes, PROT_NONE) != 0) Die("the buffer");
    struct Image image = task->image;
    image.segments[1].buf = buffer;
    printf("%s%s", at ? "," : "", ErrorName(Load(&image, 0)));
    munmap(buffer, bytes);
  }
  printf(" loaded=%d lost_kib=%" PRId64 "\n", Loaded(0), (int64_t)(before - UnusedKib()));
}

// kexec_load of i386 (283), which a 64-bit process may call by int 0x80 with pointers below 4 GiB.
static int CompatLoad(const struct Image* image, unsigned flags) {
  struct {
    uint32_t buf, bufsz, mem, memsz;
  }* segments =
      mmap(NULL, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (segments == MAP_FAILED) Die("mmap");
  for (unsigned long at = 0; at < image->count; ++at) {
    const struct kexec_segment* segment = &image->segments[at];
    segments[at].buf = (uint32_t)(uintptr_t)segment->buf;
    segments[at].bufsz = (uint32_t)segment->bufsz;
    segments[at].mem = (uint32_t)(uintptr_t)segment->mem;
    segments[at].memsz = (uint32_t)segment->memsz;
  }
  int result = 283;
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"((unsigned)image->entry), "c"((unsigned)image->count),
                     "d"((unsigned)(uintptr_t)segments), "S"(flags)
                   : "memory", "r8", "r9", "r10", "r11");
  return -result;
}

static void Compat(struct Task* task) {
  char* low = mmap(NULL, task->shape.bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT | MAP_POPULATE, -1, 0);
  if (low == MAP_FAILED) Die("mmap");
  for (unsigned long at = 1; at < task->image.count; ++at) {
    struct kexec_segment* segment = &task->image.segments[at];
    segment->buf = memcpy(low, segment->buf, segment->bufsz);
    low += segment->bufsz;
  }
  const int refused = CompatLoad(&task->image, KEXEC_ARCH_DEFAULT),
            taken = CompatLoad(&task->image, KEXEC_ARCH_X86_64);
  printf("default=%s x86_64=%s loaded=%d\n", ErrorName(refused), ErrorName(taken), Loaded(0));
}

static void JustExecute(struct Task* task) {
  (void)task;
  fprintf(stderr, "misuse: execute: %s\n", strerror(Execute()));
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(struct Task* task);
  } commands[] = {{"keep", Keep},   {"repeat", Repeat},         {"fail-nth", FailNth},
                  {"kill", Kill},   {"concurrent", Concurrent}, {"starve", Starve},
                  {"fault", Fault}, {"compat", Compat},         {"execute", JustExecute}};
  for (unsigned at = 0; argc > 1 && at < sizeof(commands) / sizeof(commands[0]); ++at) {
    if (strcmp(argv[1], commands[at].name) != 0) continue;
    struct Task task = Parse(argc, argv);
    commands[at].run(&task);
    return 0;
  }
  fputs(
      "usage: misuse keep|repeat|fail-nth|kill|concurrent|starve|fault|compat|execute at=A payload=A kib=N "
      "[times=N]\n",
      stderr);
  return 125;
}
