// SPDX-License-Identifier: LGPL-2.1-or-later
#include "caches.h"

#include "params.h"

// mmu.S
void purgatory_mmu_on(void);
void purgatory_mmu_off(void);

extern struct kexec_arm64_purgatory_params purgatory_params;

// VMSAv8-64 with pages of 4 KiB (Arm ARM, D8.3 "Translation table descriptor formats").
#define DESCRIPTOR_VALID UINT64_C(1)
#define DESCRIPTOR_TABLE UINT64_C(3)  // at the last level: a page
#define DESCRIPTOR_ADDRESS UINT64_C(0x0000fffffffff000)
#define MEMORY_NORMAL (UINT64_C(0) << 2)     // attribute 0 of MAIR
#define MEMORY_READ_ONLY (UINT64_C(1) << 7)  // AP[2]
#define MEMORY_INNER_SHAREABLE (UINT64_C(3) << 8)
#define MEMORY_ACCESSED (UINT64_C(1) << 10)
#define MEMORY_PRIVILEGED_EXECUTE_NEVER (UINT64_C(1) << 53)
#define MEMORY_EXECUTE_NEVER (UINT64_C(1) << 54)

#define MAIR_WRITE_BACK UINT64_C(0xff)  // attribute 0: write-back, allocating, inner and outer
// TCR: the lower half of 48 bits of address, tables read through the cache.
#define TCR_48_BITS UINT64_C(16)                                                     // T0SZ
#define TCR_CACHED ((UINT64_C(1) << 8) | (UINT64_C(1) << 10) | (UINT64_C(3) << 12))  // IRGN0, ORGN0, SH0
#define TCR_NO_UPPER_HALF (UINT64_C(1) << 23)                                        // EPD1
#define TCR_EL1_SIZE_SHIFT 32                                                        // IPS
#define TCR_EL2_SIZE_SHIFT 16                                                        // PS, without E2H
#define TCR_EL2_RESERVED ((UINT64_C(1) << 31) | (UINT64_C(1) << 23))  // to be ones, without E2H
#define PHYSICAL_48_BITS 5

enum {
  TABLES = 64,
  PAGE_SHIFT = 12,
  LEVEL_SHIFT = 9,     // each level resolves so many bits
  LARGEST_BLOCK = 30,  // 1 GiB
  TOP_SHIFT = 39,      // an entry of the top level spans 512 GiB
  ENTRIES = 1 << LEVEL_SHIFT,
};

struct tables {
  uint32_t used;
  uint64_t (*memory)[ENTRIES];
};

static uint64_t table_memory[TABLES][ENTRIES] __attribute__((aligned(4096)));

#define READ_SYSTEM(name)                            \
  __extension__({                                    \
    uint64_t value;                                  \
    __asm__ volatile("mrs %0, " name : "=r"(value)); \
    value;                                           \
  })
#define WRITE_SYSTEM(name, value) __asm__ volatile("msr " name ", %0" : : "r"((uint64_t)(value)))

// See cpu.inc.
static int el2_names(void) {
  const uint64_t current_el2 = 8, e2h = UINT64_C(1) << 34;
  return READ_SYSTEM("CurrentEL") == current_el2 && (READ_SYSTEM("hcr_el2") & e2h) == 0;
}

static uint64_t* new_table(struct tables* tables) {
  if (tables->used == TABLES) return 0;
  uint64_t* table = tables->memory[tables->used++];
  for (unsigned i = 0; i < ENTRIES; i++) table[i] = 0;
  return table;
}

static uint64_t* entry_of(uint64_t* table, uint64_t address, unsigned shift) {
  return &table[(address >> shift) & (ENTRIES - 1)];
}

// The table `entry` points to, made if there is none; null if there is no room, or something is mapped there.
static uint64_t* descend(struct tables* tables, uint64_t* entry) {
  if ((*entry & DESCRIPTOR_TABLE) == DESCRIPTOR_TABLE)
    return (uint64_t*)(uintptr_t)(*entry & DESCRIPTOR_ADDRESS);
  uint64_t* table = *entry == 0 ? new_table(tables) : 0;
  if (table != 0) *entry = (uintptr_t)table | DESCRIPTOR_TABLE;
  return table;
}

// Maps one block or page of 1 << shift bytes.
static int map_one(struct tables* tables, uint64_t address, unsigned shift, uint64_t attributes) {
  uint64_t* table = tables->memory[0];
  for (unsigned level = TOP_SHIFT; level > shift; level -= LEVEL_SHIFT) {
    table = descend(tables, entry_of(table, address, level));
    if (table == 0) return 0;
  }
  uint64_t* entry = entry_of(table, address, shift);
  if (*entry != 0) return 0;
  *entry = address | attributes | (shift == PAGE_SHIFT ? DESCRIPTOR_TABLE : DESCRIPTOR_VALID);
  return 1;
}

// Maps the pages of [begin, end) in the largest blocks that fit.
static int map(struct tables* tables, uint64_t begin, uint64_t end, uint64_t attributes) {
  const uint64_t page = UINT64_C(1) << PAGE_SHIFT, limit = UINT64_C(1) << 48;
  if (begin > end || end > limit) return 0;
  begin &= ~(page - 1);
  end = (end + page - 1) & ~(page - 1);
  while (begin < end) {
    unsigned shift = LARGEST_BLOCK;
    while (shift > PAGE_SHIFT &&
           ((begin & ((UINT64_C(1) << shift) - 1)) != 0 || end - begin < UINT64_C(1) << shift))
      shift -= LEVEL_SHIFT;
    if (!map_one(tables, begin, shift, attributes)) return 0;
    begin += UINT64_C(1) << shift;
  }
  return 1;
}

static int write_tables(struct tables* tables, const struct check* check, int el2) {
  const uint64_t memory = MEMORY_NORMAL | MEMORY_INNER_SHAREABLE | MEMORY_ACCESSED;
  const uint64_t never = MEMORY_EXECUTE_NEVER | (el2 ? 0 : MEMORY_PRIVILEGED_EXECUTE_NEVER);
  const uint64_t own = (uintptr_t)&purgatory_params;
  new_table(tables);
  if (!map(tables, own, own + purgatory_params.memory_size, memory)) return 0;
  for (uint32_t i = 0; i < check->count; i++) {
    const uint64_t begin = check->ranges[i].address, end = begin + check->ranges[i].length;
    if (!map(tables, begin, end, memory | never | MEMORY_READ_ONLY)) return 0;
  }
  return 1;
}

static void set_registers(uint64_t root, uint64_t physical_size, int el2) {
  const uint64_t tcr = TCR_48_BITS | TCR_CACHED;
  if (el2) {
    WRITE_SYSTEM("mair_el2", MAIR_WRITE_BACK);
    WRITE_SYSTEM("tcr_el2", tcr | TCR_EL2_RESERVED | (physical_size << TCR_EL2_SIZE_SHIFT));
    WRITE_SYSTEM("ttbr0_el2", root);
  } else {
    WRITE_SYSTEM("mair_el1", MAIR_WRITE_BACK);
    WRITE_SYSTEM("tcr_el1", tcr | TCR_NO_UPPER_HALF | (physical_size << TCR_EL1_SIZE_SHIFT));
    WRITE_SYSTEM("ttbr0_el1", root);
  }
  __asm__ volatile("isb" : : : "memory");
}

int caches_on(const struct check* check) {
  // ID_AA64MMFR0_EL1: PARange, bits 3:0; TGran4, bits 31:28, all ones where there are no 4 KiB pages.
  const uint64_t features = READ_SYSTEM("id_aa64mmfr0_el1");
  const uint64_t range = features & 15, granule = (features >> 28) & 15;
  const int el2 = el2_names();
  struct tables tables = {0, table_memory};
  if (granule == 15 || !write_tables(&tables, check, el2)) return 0;
  set_registers((uintptr_t)table_memory, range < PHYSICAL_48_BITS ? range : PHYSICAL_48_BITS, el2);
  purgatory_mmu_on();
  return 1;
}

void caches_off(void) { purgatory_mmu_off(); }
