// SPDX-License-Identifier: GPL-2.0-or-later
// The rest of the machine: its clock and faults, objects and tables, the user's memory and signals, the log.
#include "tests/kernel/machine_state.h"
#include "tests/kernel/shim.h"

// MAXMEM - 1 with four-level paging: arch/x86/include/asm/pgtable_64_types.h.
static const uint64_t kMaxMem = (1ul << 46) - 1;

struct Machine machine;
struct task_struct* current;
struct resource crashk_res;
static char log_text[1 << 16];
static size_t log_used;

void MachineBug(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("simulated machine: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  abort();
}

void MachineStart(const struct MachineConfig* config, const struct MachinePart* wanted, size_t wanted_count) {
  if (machine.on) MachineBug("one machine at a time");
  memset(&machine, 0, sizeof(machine));
  machine.config = *config;
  machine.on = true;
  crashk_res.start = config->crash.begin;
  crashk_res.end = config->crash.end == 0 ? 0 : config->crash.end - 1;
  PageAllocatorStart(wanted, wanted_count);
  MachineResetCounters();
}

void MachineStop(void) {
  PageAllocatorStop();
  machine.on = false;
}

struct MachineCounters MachineCount(void) { return machine.counters; }

void MachineResetCounters(void) {
  const struct MachineCounters old = machine.counters;
  machine.counters = (struct MachineCounters){
      .pages_held = old.pages_held,
      .pages_peak = old.pages_held,
      .objects_held = old.objects_held,
      .bytes_held = old.bytes_held,
      .bytes_peak = old.bytes_held,
  };
  machine.copies = machine.signal_bytes = 0;
  log_used = 0;
  log_text[0] = '\0';
}

void MachineSetFaults(const struct MachineFaults* faults) { machine.faults = *faults; }

uint64_t MachineCopiedAfterSignal(void) { return machine.counters.copied_bytes - machine.signal_bytes; }

bool MachineTick(void) {
  const uint64_t now = ++machine.counters.events;
  if (machine.faults.signal_at == 0 || now < machine.faults.signal_at) return false;
  if (now == machine.faults.signal_at) machine.signal_bytes = machine.counters.copied_bytes;
  return true;
}

bool MachineRefuses(void) {
  MachineTick();
  const uint64_t n = ++machine.counters.allocations;
  const struct MachineFaults* faults = &machine.faults;
  return n == faults->fail_allocation || (faults->fail_from != 0 && n >= faults->fail_from) ||
         (faults->fail_every != 0 && n % faults->fail_every == 0);
}

// The compiler calls this in each basic block of the kernel's code (-fsanitize-coverage=trace-pc).
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { ++machine.counters.steps; }

struct Object {  // before what the kernel gets
  uint64_t bytes, padding;
};

void* ShimAllocate(size_t count, size_t size, gfp_t gfp) {
  size_t bytes;
  if (MachineRefuses() || __builtin_mul_overflow(count, size, &bytes)) return NULL;
  struct Object* object = malloc(sizeof(*object) + bytes);
  if (object == NULL) MachineBug("no memory for an object of %zu bytes", bytes);
  // What the kernel does not clear is not zero.
  memset(object + 1, (gfp & __GFP_ZERO) != 0 ? 0 : 0xa5, bytes);
  object->bytes = bytes;
  ++machine.counters.objects_held;
  machine.counters.bytes_held += bytes;
  machine.counters.bytes_peak = max(machine.counters.bytes_peak, machine.counters.bytes_held);
  return object + 1;
}

void ShimFree(const void* address) {
  if (address == NULL) return;
  struct Object* object = (struct Object*)address - 1;
  --machine.counters.objects_held;
  machine.counters.bytes_held -= object->bytes;
  free(object);
}

unsigned long copy_from_user(void* to, const void* from, unsigned long count) {
  MachineTick();
  // The kernel copies up to the byte that cannot be read.
  const unsigned long good = ++machine.copies == machine.faults.fail_copy ? count / 2 : count;
  if (!machine.config.without_contents) memcpy(to, from, good);
  machine.counters.copied_bytes += good;
  return count - good;
}

void* memdup_array_user(const void* from, size_t count, size_t size) {
  void* copy = ShimAllocate(count, size, GFP_USER);
  if (copy == NULL) return ERR_PTR(-ENOMEM);
  if (count != 0) memcpy(copy, from, count * size);  // an unload has no list
  return copy;
}

bool ShimPoll(void) {
  ++machine.counters.polls;
  return MachineTick();
}

void ShimReschedule(void) { MachineTick(); }

void ShimLock(struct mutex* lock) {
  if (lock->held) MachineBug("a lock is taken twice");
  lock->held = true;
}

void ShimUnlock(struct mutex* lock) {
  if (!lock->held) MachineBug("a lock is given back that nobody has");
  lock->held = false;
}

void ShimLog(const char* format, ...) {
  for (const char* at = format; (at = strstr(at, "%p")) != NULL; at += 2) {
    if (at[2] >= 'A') MachineBug("no simulation of the format '%s'", format);
  }
  va_list arguments;
  va_start(arguments, format);
  const size_t room = sizeof(log_text) - log_used;
  const int length = vsnprintf(log_text + log_used, room, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= room) MachineBug("the log is full");
  log_used += (size_t)length;
}

const char* MachineLog(void) { return log_text; }

void ShimWarn(const char* condition, const char* file, int line) {
  MachineBug("WARN_ON(%s) at %s:%d", condition, file, line);
}

unsigned long totalram_pages(void) {
  return machine.config.total_ram_pages != 0 ? machine.config.total_ram_pages : machine.config.pages;
}

unsigned long ShimSourceLimit(void) {
  return machine.config.source_limit != 0 ? machine.config.source_limit : kMaxMem;
}

unsigned long ShimDestinationLimit(void) {
  return machine.config.destination_limit != 0 ? machine.config.destination_limit : kMaxMem;
}
