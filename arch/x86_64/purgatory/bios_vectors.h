// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether there is a BIOS to call: told by what one leaves in the first page of memory, which Linux keeps as
// it is (trim_bios_range in arch/x86/kernel/setup.c). The plan asks where it can read that page, purgatory
// asks again.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Bytes that are looked at: the interrupt vectors and the BIOS data area.
#define KEXEC_BIOS_LOW_BYTES 0x500

// What no vector is, and so the answer where all are plausible.
#define KEXEC_BIOS_SOUND 0x100

static inline uint32_t kexec_bios_word(const uint8_t* low, size_t offset) {
  return low[offset] + low[offset + 1] * 256U;
}

// Where real-mode interrupt `vector` leads: segment and offset as one address.
static inline uint32_t kexec_bios_target(const uint8_t* low, unsigned vector) {
  return kexec_bios_word(low, vector * 4 + 2) * 16 + kexec_bios_word(low, vector * 4);
}

// The first of the vectors that boot code cannot do without which leads into memory that an operating system
// may have used; KEXEC_BIOS_SOUND if there is none. `low`: from address 0 on.
static inline unsigned kexec_bios_wild_vector(const uint8_t* low) {
  // IRQ 0, IRQ 1, video, disks, system services, keyboard, clock (IBM PC/AT technical reference, "Interrupt
  // vectors").
  static const uint8_t needed[] = {0x08, 0x09, 0x10, 0x13, 0x15, 0x16, 0x1a};
  // KiB of memory below the extended BIOS data area, and what that is at most (BIOS data area, 0x413).
  const uint32_t most = 640;
  uint32_t kib = kexec_bios_word(low, 0x413);
  if (kib == 0 || kib > most) kib = most;
  for (size_t i = 0; i < sizeof(needed); i++)
    if (kexec_bios_target(low, needed[i]) < kib * 1024) return needed[i];
  return KEXEC_BIOS_SOUND;
}
