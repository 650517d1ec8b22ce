// SPDX-License-Identifier: GPL-2.0-or-later
// Physical memory and the allocator of its pages: blocks of 2^order pages, aligned to their size, in the order the
// test asked for. What is freed is handed out again first, as the kernel's per-CPU lists do.
//
// For each order there is a sequence of all blocks (made when first needed) and a cursor in it; a block is free while
// none of its pages is taken. Every operation is O(1) per page and order, so that the counts of a test are the
// kernel's, not the harness's.
#include <sys/mman.h>

#include "tests/kernel/machine_state.h"
#include "tests/kernel/shim.h"

struct Order {
  uint32_t* sequence;  // block numbers, in the order they are handed out; null until asked for
  uint64_t cursor;
  uint64_t blocks, free_blocks;
  uint16_t* taken;  // pages taken, per block
  uint32_t* freed;  // stack of blocks to hand out again, stale ones among them
  uint64_t freed_count, freed_room;
};

static struct {
  uint8_t* memory;  // of the largest machine so far, kept for the next: page faults cost more than the tests
  uint64_t memory_bytes;
  struct page* map;
  bool* unavailable;  // busy, reserved, or in the crash region
  bool* wanted;
  bool* hidden;  // alloc_pages_at does not find it
  struct Order orders[kMaxOrder + 1];
  uint64_t random;
} pages;

static uint64_t Random(uint64_t below) {  // xorshift64*
  pages.random ^= pages.random >> 12;
  pages.random ^= pages.random << 25;
  pages.random ^= pages.random >> 27;
  return (pages.random * 0x2545f4914f6cdd1dull >> 11) % below;
}

static void* Map(uint64_t size) {
  void* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) MachineBug("cannot map %lu bytes for the simulated machine", size);
  return memory;
}

static void* Allocate(uint64_t count, uint64_t size) {
  void* memory = calloc(count, size);
  if (memory == NULL) MachineBug("no memory for the simulated machine");
  return memory;
}

// Marks pages as taken (+1) or free (-1) in every order.
static void Account(uint64_t first, uint64_t count, int change) {
  for (unsigned k = 0; k <= kMaxOrder; ++k) {
    struct Order* order = &pages.orders[k];
    for (uint64_t page = first; page < first + count;) {
      const uint64_t block = page >> k;
      if (block >= order->blocks) break;  // the odd pages at the end of memory make no block
      const uint64_t end = min((block + 1) << k, first + count);
      const bool was_free = order->taken[block] == 0;
      order->taken[block] = (uint16_t)(order->taken[block] + change * (int)(end - page));
      const bool is_free = order->taken[block] == 0;
      order->free_blocks += (uint64_t)is_free - (uint64_t)was_free;
      page = end;
    }
  }
}

static bool WantsAny(uint64_t first, uint64_t count) {
  for (uint64_t page = first; page < first + count; ++page) {
    if (pages.wanted[page]) return true;
  }
  return false;
}

static void Reverse(uint32_t* first, uint64_t count) {
  for (uint64_t i = 0; i < count / 2; ++i) swap(first[i], first[count - 1 - i]);
}

static void Shuffle(uint32_t* first, uint64_t count) {
  for (uint64_t i = count; i > 1; --i) {
    const uint64_t other = Random(i);
    swap(first[i - 1], first[other]);
  }
}

// Blocks with destinations to the front; the others keep their order behind them. The answer: how many.
static uint64_t DestinationsToFront(uint32_t* sequence, uint64_t blocks, unsigned k) {
  uint32_t* others = Allocate(blocks, sizeof(*others));
  uint64_t front = 0, back = 0;
  for (uint64_t i = 0; i < blocks; ++i) {
    if (WantsAny((uint64_t)sequence[i] << k, 1ul << k)) {
      sequence[front++] = sequence[i];
    } else {
      others[back++] = sequence[i];
    }
  }
  memcpy(sequence + front, others, back * sizeof(*others));
  free(others);
  return front;
}

static void Interleave(uint32_t* sequence, uint64_t blocks, uint64_t destinations) {
  uint32_t* sorted = Allocate(blocks, sizeof(*sorted));
  memcpy(sorted, sequence, blocks * sizeof(*sorted));
  uint64_t destination = 0, other = destinations;
  for (uint64_t i = 0; i < blocks; ++i) {
    const bool take = other == blocks || (destination < destinations && i % 2 == 0);
    sequence[i] = sorted[take ? destination++ : other++];
  }
  free(sorted);
}

static void MakeSequence(unsigned k) {
  struct Order* order = &pages.orders[k];
  uint32_t* sequence = order->sequence = Allocate(order->blocks + 1, sizeof(*sequence));
  const uint64_t blocks = order->blocks;
  for (uint64_t i = 0; i < blocks; ++i) sequence[i] = (uint32_t)i;
  uint64_t destinations;
  switch (machine.config.order) {
    case kDescending:
      Reverse(sequence, blocks);
      break;
    case kRandom:
      Shuffle(sequence, blocks);
      break;
    case kDestinationFirst:
      DestinationsToFront(sequence, blocks, k);
      break;
    case kDestinationBackwards:
      destinations = DestinationsToFront(sequence, blocks, k);
      Reverse(sequence, destinations);
      break;
    case kDestinationLast:
      destinations = DestinationsToFront(sequence, blocks, k);
      Reverse(sequence, blocks);
      Reverse(sequence, blocks - destinations);
      break;
    case kInterleaved:
      destinations = DestinationsToFront(sequence, blocks, k);
      Reverse(sequence, destinations);
      Interleave(sequence, blocks, destinations);
      break;
    default:
      break;
  }
}

static void TakeAway(uint64_t first, uint64_t count) {
  for (uint64_t page = first; page < first + count; ++page) {
    if (!pages.unavailable[page]) Account(page, 1, +1);
    pages.unavailable[page] = true;
  }
}

void PageAllocatorStart(const struct MachinePart* wanted, size_t wanted_count) {
  const uint64_t count = machine.config.pages;
  if (pages.memory_bytes < count << kPageShift) {
    if (pages.memory != NULL) munmap(pages.memory, pages.memory_bytes);
    pages.memory_bytes = count << kPageShift;
    pages.memory = Map(pages.memory_bytes);
  }
  pages.map = Map(count * sizeof(*pages.map));
  pages.unavailable = Allocate(count, sizeof(*pages.unavailable));
  pages.wanted = Allocate(count, sizeof(*pages.wanted));
  pages.hidden = Allocate(count, sizeof(*pages.hidden));
  pages.random = machine.config.seed * 2 + 1;
  for (unsigned k = 0; k <= kMaxOrder; ++k) {
    struct Order* order = &pages.orders[k];
    memset(order, 0, sizeof(*order));
    order->blocks = order->free_blocks = count >> k;
    order->taken = Allocate(order->blocks + 1, sizeof(*order->taken));
  }
  for (size_t i = 0; i < wanted_count; ++i) {
    for (uint64_t page = wanted[i].begin >> kPageShift; page < min(wanted[i].end >> kPageShift, count);
         ++page) {
      pages.wanted[page] = true;
    }
  }
  TakeAway(0, 1);  // no kernel hands out the page at address 0
  const struct MachinePart crash = machine.config.crash;
  TakeAway(crash.begin >> kPageShift, (crash.end - crash.begin) >> kPageShift);
  for (uint64_t page = 1; machine.config.busy_percent != 0 && page < count; ++page) {
    if (Random(100) < machine.config.busy_percent) TakeAway(page, 1);
  }
  for (uint64_t page = 0; machine.config.hidden_percent != 0 && page < count; ++page) {
    pages.hidden[page] = Random(100) < machine.config.hidden_percent;
  }
}

void PageAllocatorStop(void) {
  for (unsigned k = 0; k <= kMaxOrder; ++k) {
    free(pages.orders[k].sequence);
    free(pages.orders[k].taken);
    free(pages.orders[k].freed);
  }
  free(pages.unavailable);
  free(pages.wanted);
  free(pages.hidden);
  munmap(pages.map, machine.config.pages * sizeof(*pages.map));
}

// A free block; there is one (free_blocks).
static uint64_t FindBlock(unsigned k) {
  struct Order* order = &pages.orders[k];
  while (order->freed_count > 0) {
    const uint32_t block = order->freed[--order->freed_count];
    if (order->taken[block] == 0) return block;
  }
  if (order->sequence == NULL) MakeSequence(k);
  while (true) {
    if (order->cursor == order->blocks) order->cursor = 0;
    const uint32_t block = order->sequence[order->cursor++];
    if (order->taken[block] == 0) return block;
  }
}

// What a shortage means to the caller: __alloc_pages_may_oom in mm/page_alloc.c.
static void NoteShortage(gfp_t gfp, unsigned k) {
  const bool may_wait = (gfp & __GFP_DIRECT_RECLAIM) != 0;
  const bool gives_up = (gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL)) != 0;
  if (may_wait && !gives_up && k <= PAGE_ALLOC_COSTLY_ORDER) ++machine.counters.oom_kills;
}

static struct page* HandOut(uint64_t first, unsigned k, gfp_t gfp) {
  const uint64_t count = 1ul << k;
  Account(first, count, +1);
  struct page* page = &pages.map[first];
  page->order = (uint8_t)k;
  for (uint64_t i = 0; i < count; ++i) page[i].allocated = true;
  machine.counters.pages_held += count;
  machine.counters.pages_peak = max(machine.counters.pages_peak, machine.counters.pages_held);
  for (uint64_t i = 0; (gfp & __GFP_ZERO) != 0 && i < count; ++i) clear_highpage(page + i);
  return page;
}

// All of the block is free, and can be seen to be.
static bool IsFreeAt(uint64_t first, unsigned k) {
  const struct Order* order = &pages.orders[k];
  if (first >> k >= order->blocks || order->taken[first >> k] != 0) return false;
  for (uint64_t page = first; page < first + (1ul << k); ++page) {
    if (pages.hidden[page]) return false;
  }
  return true;
}

struct page* alloc_pages(gfp_t gfp, unsigned int k) {
  if (MachineRefuses()) return NULL;
  if (k > kMaxOrder) MachineBug("alloc_pages: order %u", k);
  if ((gfp & (__GFP_COMP | __GFP_NOFAIL)) != 0) MachineBug("alloc_pages: no simulation of flags %#x", gfp);
  if (k > machine.config.max_order || pages.orders[k].free_blocks == 0) {
    NoteShortage(gfp, k);
    return NULL;
  }
  return HandOut(FindBlock(k) << k, k, gfp);
}

// mm/page_alloc.c of the series: the largest free block that starts at `first`. What is in use was not asked for, so it
// does not count as an allocation.
struct page* alloc_pages_at(gfp_t gfp, unsigned long first, unsigned int* wanted) {
  unsigned k = min3(*wanted, machine.config.max_order, (unsigned)kMaxOrder);
  if (first >= machine.config.pages) return NULL;
  if (first != 0) k = min(k, (unsigned)__builtin_ctzl(first));
  while (k > 0 && !IsFreeAt(first, k)) --k;
  if (!IsFreeAt(first, k) || MachineRefuses()) return NULL;
  *wanted = k;
  return HandOut(first, k, gfp);
}

void __free_pages(struct page* page, unsigned int k) {
  const uint64_t first = page_to_pfn(page);
  const uint64_t count = 1ul << k;
  if (page->order != k) MachineBug("page %#lx is freed with order %u, it has %u", first, k, page->order);
  for (uint64_t i = 0; i < count; ++i) {
    if (!page[i].allocated) MachineBug("page %#lx is freed, but nobody has it", first + i);
    if (page[i].reserved) MachineBug("page %#lx is freed as reserved page", first + i);
    if (page[i].mapping != NULL) MachineBug("page %#lx is freed with a mapping", first + i);
    page[i].allocated = false;
  }
  machine.counters.pages_held -= count;
  Account(first, count, -1);
  struct Order* order = &pages.orders[k];
  if (order->freed_count == order->freed_room) {
    order->freed_room = order->freed_room * 2 + 64;
    order->freed = realloc(order->freed, order->freed_room * sizeof(*order->freed));
    if (order->freed == NULL) MachineBug("no memory for the simulated machine");
  }
  order->freed[order->freed_count++] = (uint32_t)(first >> k);
}

void split_page(struct page* page, unsigned int k) {
  if (!page->allocated || page->order != k) MachineBug("split_page: page %#lx", page_to_pfn(page));
  for (uint64_t i = 0; i < 1ul << k; ++i) page[i].order = 0;
}

unsigned long ShimPages(void) { return machine.config.pages; }

struct page* pfn_to_page(unsigned long pfn) {
  if (pfn >= machine.config.pages) MachineBug("pfn_to_page: %#lx is no page of this machine", pfn);
  return &pages.map[pfn];
}

unsigned long page_to_pfn(const struct page* page) {
  const uint64_t pfn = (uint64_t)(page - pages.map);
  if (pfn >= machine.config.pages) MachineBug("page_to_pfn: %p is no page", (const void*)page);
  return pfn;
}

void* phys_to_virt(phys_addr_t address) {
  if (address >> kPageShift >= machine.config.pages) MachineBug("phys_to_virt: %#lx is not in RAM", address);
  return pages.memory + address;
}

phys_addr_t virt_to_phys(const void* address) {
  const uint64_t offset = (uint64_t)((const uint8_t*)address - pages.memory);
  if (offset >> kPageShift >= machine.config.pages) MachineBug("virt_to_phys: %p is not in RAM", address);
  return offset;
}

uint8_t* MachineMemory(uint64_t address) { return phys_to_virt(address); }
bool MachineOwned(uint64_t page_number) { return pfn_to_page(page_number)->allocated; }
bool MachineBusy(uint64_t page_number) { return pages.unavailable[page_number]; }

void clear_page(void* page) {
  if (!machine.config.without_contents) memset(page, 0, PAGE_SIZE);
}

void copy_highpage(struct page* to, struct page* from) {
  if (!machine.config.without_contents) memcpy(page_address(to), page_address(from), PAGE_SIZE);
}
