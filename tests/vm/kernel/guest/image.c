// SPDX-License-Identifier: GPL-2.0-or-later
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

// A prime, so that pages with the same content are never a power of two apart: what a wrong block or run
// would show.
enum { kPoolPages = 8191 };

static const char kPayloadFile[] = "/guest/payload";

void Die(const char* what) {
  perror(what);
  exit(125);
}

uint64_t Number(const char* text) {
  char* end;
  const uint64_t value = strtoull(text, &end, 0);
  if (!*text || *end) {
    fprintf(stderr, "'%s' is not a number\n", text);
    exit(125);
  }
  return value;
}

uint64_t Ticks(void) { return __rdtsc(); }

// A file in memory that is mapped again and again; MAP_POPULATE, because a page fault would be part of the
// load.
struct Pool MakePool(size_t bytes) {
  struct Pool pool = {.bytes = bytes, .pages = (bytes + kPageBytes - 1) / kPageBytes};
  if (pool.pages > kPoolPages) pool.pages = kPoolPages;
  if (pool.pages == 0) pool.pages = 1;
  const size_t period = pool.pages * kPageBytes;
  const int file = open("/tmp/pool", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || unlink("/tmp/pool") != 0 || ftruncate(file, (off_t)period) != 0) Die("/tmp/pool");
  // One period more, so that a part may begin with any name.
  const size_t room = (bytes + 2 * period - 1) / period * period;
  pool.begin = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pool.begin == MAP_FAILED) Die("mmap of the pool");
  for (size_t at = 0; at < room; at += period) {
    if (mmap(pool.begin + at, period, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
             0) == MAP_FAILED) {
      Die("mmap of the pool");
    }
  }
  for (uint64_t name = 0; name < pool.pages; ++name) {
    uint64_t* words = (uint64_t*)(pool.begin + name * kPageBytes);
    for (unsigned at = 0; at < kPageWords; ++at) words[at] = PageWord(name, at);
  }
  close(file);
  return pool;
}

// The payload's buffer: its code, and the parameters behind it.
static char* PayloadBuffer(void) {
  char* buffer =
      mmap(NULL, kPayloadBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (buffer == MAP_FAILED) Die("mmap of the payload");
  const int file = open(kPayloadFile, O_RDONLY | O_CLOEXEC);
  if (file < 0 || read(file, buffer, kPayloadCodeBytes) <= 0) Die(kPayloadFile);
  close(file);
  return buffer;
}

void MakeImageOf(struct Image* image, uint64_t payload_at, const struct Part* parts, unsigned count,
                 const struct Pool* pool) {
  memset(image, 0, sizeof(*image));
  char* payload = PayloadBuffer();
  image->parameters = (struct Parameters*)(payload + kPayloadCodeBytes);
  *image->parameters = (struct Parameters){.part_count = count, .pool_pages = pool->pages, .every_word = 1};
  memcpy(image->parameters->parts, parts, count * sizeof(*parts));
  image->entry = payload_at;
  image->segments[image->count++] = (struct kexec_segment){
      .buf = payload, .bufsz = kPayloadBytes, .mem = (void*)payload_at, .memsz = kPayloadBytes};
  for (unsigned number = 0; number < count; ++number) {
    const struct Part* part = &parts[number];
    image->segments[image->count++] =
        (struct kexec_segment){.buf = pool->begin + part->name % pool->pages * kPageBytes,
                               .bufsz = part->filled,
                               .mem = (void*)part->begin,
                               .memsz = part->pages * kPageBytes};
  }
}

void MakeImage(struct Image* image, const struct Shape* shape, const struct Pool* pool) {
  struct Part parts[kMaxParts];
  const uint64_t pages = shape->bytes / kPageBytes;
  uint64_t name = 0;
  for (unsigned number = 0; number < shape->parts; ++number) {
    const uint64_t next = pages * (number + 1) / shape->parts;
    parts[number] = (struct Part){.begin = shape->at + (name + number) * kPageBytes,
                                  .pages = next - name,
                                  .filled = (next - name) * kPageBytes * shape->filled_percent / 100 / 8 * 8,
                                  .name = name};
    name = next;
  }
  MakeImageOf(image, shape->payload_at, parts, shape->parts, pool);
  image->parameters->every_word = (uint64_t)shape->every_word;
  image->parameters->returns = (uint64_t)shape->returns;
}

void FreeImage(struct Image* image) { munmap((char*)image->parameters - kPayloadCodeBytes, kPayloadBytes); }

static int Result(long value) { return value == 0 ? 0 : errno; }

int Load(const struct Image* image, unsigned long flags) {
  return Result(
      syscall(SYS_kexec_load, image->entry, image->count, image->segments, flags | KEXEC_ARCH_X86_64));
}

int Unload(unsigned long flags) {
  return Result(syscall(SYS_kexec_load, 0ul, 0ul, NULL, flags | KEXEC_ARCH_X86_64));
}

int Loaded(unsigned long flags) {
  const char* path = flags & KEXEC_ON_CRASH ? "/sys/kernel/kexec_crash_loaded" : "/sys/kernel/kexec_loaded";
  char digit = 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || read(file, &digit, 1) != 1) Die(path);
  close(file);
  return digit - '0';
}

int Execute(void) {
  sync();
  return Result(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL));
}
