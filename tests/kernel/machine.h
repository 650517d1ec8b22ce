// SPDX-License-Identifier: GPL-2.0-or-later
// The machine the kernel's own code runs on in these tests: physical memory, its page allocator, a user with
// buffers and signals, and the kernel's log. Three callers: shim.h (the kernel's side), the C++ tests (which
// arrange a machine and look at it afterwards), and the C files that implement it.
//
// There is one machine at a time, as there is one kexec_image: the code under test has globals, so this has one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { kPageShift = 12, kPageBytes = 1 << kPageShift, kMaxOrder = 10 };  // MAX_PAGE_ORDER of x86_64

// Which free page the allocator hands out next. "Destination" pages are those the image itself wants.
enum PageOrder {
  kAscending,
  kDescending,
  kRandom,
  kDestinationFirst,      // in the order of their addresses: each is wanted right now
  kDestinationBackwards,  // destinations first, the last one first: each is wanted as late as possible
  kDestinationLast,
  kInterleaved,  // a destination, a page that is none, ...
  kPageOrders
};

struct MachinePart {  // [begin, end), physical addresses of whole pages
  uint64_t begin, end;
};

struct MachineConfig {
  uint64_t pages;  // RAM is [0, pages)
  enum PageOrder order;
  uint64_t seed;
  unsigned max_order;          // larger blocks are never free: 0 is a completely fragmented memory
  unsigned busy_percent;       // of all pages belong to somebody else
  unsigned hidden_percent;     // of all pages are handed out, but never by their place: CMA, isolated blocks
  bool without_contents;       // nothing is copied: for images too big to hold
  struct MachinePart crash;    // the crash region, empty if none
  uint64_t total_ram_pages;    // what totalram_pages() says; 0: `pages`
  uint64_t destination_limit;  // KEXEC_DESTINATION_MEMORY_LIMIT; 0: as on x86_64
  uint64_t source_limit;       // KEXEC_SOURCE_MEMORY_LIMIT; 0: as on x86_64
};

// The machine is off before MachineStart and after MachineStop. `wanted`: the destinations, for the orders above.
void MachineStart(const struct MachineConfig* config, const struct MachinePart* wanted, size_t wanted_count);
void MachineStop(void);

// Memory. Owner: whoever allocated the page has it; the crash region and busy pages have no owner.
uint8_t* MachineMemory(uint64_t address);  // `address` is in RAM
bool MachineOwned(uint64_t page_number);   // the kernel allocated it
bool MachineBusy(uint64_t page_number);

// What was counted since MachineStart or MachineResetCounters (which leaves what is held now).
struct MachineCounters {
  uint64_t allocations;   // of pages, objects and tables, whether they succeeded or not
  uint64_t steps;         // basic blocks of kernel code that ran; 0 if compiled without counting
  uint64_t events;        // the clock of faults and signals: allocations, copies, polls, cond_resched
  uint64_t polls;         // questions whether a signal is pending
  uint64_t copied_bytes;  // from the user
  uint64_t oom_kills;     // shortages in which the page allocator would have called the OOM killer
  uint64_t pages_held, pages_peak;
  uint64_t objects_held;
  uint64_t bytes_held, bytes_peak;  // of objects and tables
};
struct MachineCounters MachineCount(void);
void MachineResetCounters(void);

// Faults. 0 switches each off; numbers count from the last MachineResetCounters.
struct MachineFaults {
  uint64_t fail_allocation;  // the n-th fails
  uint64_t fail_from;        // the n-th and all after it
  uint64_t fail_every;       // each n-th
  uint64_t fail_copy;        // the n-th copy from the user meets a bad address
  uint64_t signal_at;        // a fatal signal arrives at this event
};
void MachineSetFaults(const struct MachineFaults* faults);
uint64_t MachineCopiedAfterSignal(void);

// The kernel's log, one line per message; cleared by MachineResetCounters.
const char* MachineLog(void);

// The system calls, as the kernel's C has them: 0 or a negative errno.
struct UserSegment {  // struct kexec_segment of the uapi
  const void* buf;
  size_t bufsz;
  uint64_t mem;
  size_t memsz;
};
struct UserSegment32 {  // struct compat_kexec_segment
  uint32_t buf, bufsz, mem, memsz;
};
enum {  // include/uapi/linux/kexec.h
  kOnCrash = 1,
  kPreserveContext = 2,
  kArchI386 = 3 << 16,
  kArchX86_64 = 62 << 16,
};
long KernelLoad(uint64_t entry, uint64_t count, const struct UserSegment* segments, uint64_t flags);
long KernelLoadCompat(uint32_t entry, uint32_t count, const struct UserSegment32* segments, uint32_t flags);
// As kexec_file_load does after its loader ran: contents come from kernel memory.
long KernelLoadFile(uint64_t entry, uint64_t count, const struct UserSegment* segments, bool crash);

// A loaded image as machine_kexec gets it.
struct LoadedImage {
  uint64_t identity;  // differs between images alive at the same time
  uint64_t head;      // first entry of the page list
  uint64_t entry;
  uint64_t swap_page;
  size_t segments;
  bool preserve_context;
  size_t control_count;
  struct MachinePart control[16];  // control code, swap page, page tables, vmcoreinfo
};
bool KernelImage(bool crash, struct LoadedImage* image);  // false: none is loaded

// What was compiled.
bool KernelIsPatched(void);
bool KernelHasRuns(void);  // the architecture's relocation code understands runs

#ifdef __cplusplus
}
#endif
