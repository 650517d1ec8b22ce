// SPDX-License-Identifier: LGPL-2.1-or-later
// A Linux kernel as Place and Emit see it, whatever file it came in: a bzImage, entered at its decompressor;
// a vmlinux; or the kernel out of a bzImage, unpacked before the jump.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"
#include "loaders/load_piece.h"

namespace kexec {

enum class EntryMode {
  k64,    // in 64-bit mode (boot.rst, "64-bit Boot Protocol")
  k32,    // in 32-bit protected mode without paging; everything below 4 GiB
  kReal,  // in its real-mode code, which enters the rest in 32-bit protected mode
};

// Where the kernel may lie.
enum class KernelBase {
  kLinked,         // at linked_at and nowhere else
  kFromLinked,     // anywhere from linked_at on: a decompressor moves itself up to it if it is loaded lower
  kLinkedOrOther,  // at linked_at if that is free, else anywhere
  kRandom,         // in a free place chosen by random_slot
};

struct LinuxImage {
  SharedBytes setup_header;       // for boot_params, from 0x1f1 on
  uint16_t protocol = 0;          // boot protocol version
  std::vector<LoadPiece> pieces;  // at addresses counted from the kernel's base
  uint64_t size = 0;              // bytes of memory from the base on
  PhysAddr linked_at;
  KernelBase base = KernelBase::kLinked;
  uint64_t random_slot = 0;  // any number
  Alignment alignment = Alignment::Of<4096>();
  EntryMode mode = EntryMode::k64;
  uint64_t entry_offset = 0;  // from the base
  bool i386 = false;          // needs directly mapped memory, whose end depends on its configuration
  bool reaches_high = false;  // itself and all boot_params point to may lie above 4 GiB
  PhysAddr initrd_addr_max;   // highest address of an initrd's last byte unless it reaches high; 0: unknown
  uint64_t command_line_max = 0;
  bool efi_kexec = false;   // takes SETUP_EFI
  bool told_base = false;   // the setup header says where it was loaded (code32_start)
  bool randomised = false;  // runs at a virtual address chosen at random: KASLR_FLAG
};

// The Linux kernel among `inputs`, with the entry this machine can give it. A DirectLinux that cannot be
// entered directly here is entered as the bzImage it is, with a warning that says why. kUnsupported for what
// predates the protocol.
Result<LinuxImage> MakeLinuxImage(const X86Facts& facts, const BootInputs& inputs, Diagnostics& diagnostics);

// Whether `image` is Linux and to be told everything in boot_params.
bool BootsAsLinux(const KernelImage& image, ElfHandover handover);

}  // namespace kexec
