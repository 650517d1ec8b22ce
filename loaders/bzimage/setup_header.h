// SPDX-License-Identifier: LGPL-2.1-or-later
// The setup header of a bzImage as it lies in the file (Documentation/arch/x86/boot.rst, "The Real-Mode
// Kernel Header"). A field is there only from the protocol on that is written beside it; before, its bytes
// are code.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kexec/bytes.h"

namespace kexec {

struct SetupHeader {
  static constexpr uint64_t kFileOffset = 0x1f1;

  uint8_t setup_sects;  // sectors of 512 bytes after the boot sector; 0 means 4
  Le<uint16_t> root_flags;
  Le<uint32_t> syssize;  // the protected-mode part in 16-byte units; 16 bits wide before 2.04
  Le<uint16_t> ram_size;
  Le<uint16_t> vid_mode;
  Le<uint16_t> root_dev;
  Le<uint16_t> boot_flag;  // 0xaa55
  uint8_t jump_opcode;     // 0xeb, a short jump over the header
  uint8_t jump_distance;   // counted from 0x202: the length of the header
  Le<uint32_t> header;     // "HdrS"
  Le<uint16_t> version;
  Le<uint32_t> realmode_swtch;
  Le<uint16_t> start_sys_seg;
  Le<uint16_t> kernel_version;  // file offset of a string, less 0x200; 0 if there is none
  uint8_t type_of_loader;
  uint8_t loadflags;
  Le<uint16_t> setup_move_size;
  Le<uint32_t> code32_start;
  Le<uint32_t> ramdisk_image;
  Le<uint32_t> ramdisk_size;
  Le<uint32_t> bootsect_kludge;
  Le<uint16_t> heap_end_ptr;  // 2.01
  uint8_t ext_loader_ver;     // 2.02
  uint8_t ext_loader_type;
  Le<uint32_t> cmd_line_ptr;
  Le<uint32_t> initrd_addr_max;   // 2.03
  Le<uint32_t> kernel_alignment;  // 2.05
  uint8_t relocatable_kernel;
  uint8_t min_alignment;          // 2.10
  Le<uint16_t> xloadflags;        // 2.12
  Le<uint32_t> cmdline_size;      // 2.06
  Le<uint32_t> hardware_subarch;  // 2.07
  Le<uint64_t> hardware_subarch_data;
  Le<uint32_t> payload_offset;  // 2.08, from the start of the protected-mode part
  Le<uint32_t> payload_length;
  Le<uint64_t> setup_data;          // 2.09
  Le<uint64_t> pref_address;        // 2.10
  Le<uint32_t> init_size;           // 2.10
  Le<uint32_t> handover_offset;     // 2.11
  Le<uint32_t> kernel_info_offset;  // 2.15
};
static_assert(offsetof(SetupHeader, boot_flag) == 0x1fe - SetupHeader::kFileOffset);
static_assert(offsetof(SetupHeader, loadflags) == 0x211 - SetupHeader::kFileOffset);
static_assert(offsetof(SetupHeader, initrd_addr_max) == 0x22c - SetupHeader::kFileOffset);
static_assert(offsetof(SetupHeader, payload_offset) == 0x248 - SetupHeader::kFileOffset);
static_assert(offsetof(SetupHeader, init_size) == 0x260 - SetupHeader::kFileOffset);
static_assert(sizeof(SetupHeader) == 0x26c - SetupHeader::kFileOffset);

constexpr uint16_t kBootFlag = 0xaa55;
constexpr uint32_t kHdrS = 0x53726448;
constexpr uint8_t kLoadedHigh = 0x01;    // loadflags, bit 0
constexpr uint8_t kKaslr = 0x02;         // bit 1: the kernel runs at an address chosen at random
constexpr uint16_t kXlfKernel64 = 0x01;  // xloadflags, bit 0
constexpr uint16_t kXlfAbove4G = 0x02;   // bit 1
constexpr uint16_t kXlfEfiKexec = 0x10;  // bit 4
constexpr uint16_t kXlf5Level = 0x20;    // bit 5 (uapi/asm/bootparam.h)

// Where the header of each protocol must at least end, so that the fields it promises exist.
constexpr uint64_t SetupHeaderEndRequired(uint16_t protocol) {
  if (protocol >= 0x020f) return 0x26c;
  if (protocol >= 0x020b) return 0x268;
  if (protocol >= 0x020a) return 0x264;
  if (protocol >= 0x0209) return 0x258;
  if (protocol >= 0x0208) return 0x250;
  if (protocol >= 0x0207) return 0x248;
  if (protocol >= 0x0206) return 0x23c;
  if (protocol >= 0x0205) return 0x235;
  if (protocol >= 0x0203) return 0x230;
  if (protocol >= 0x0202) return 0x22c;
  if (protocol >= 0x0201) return 0x226;
  return 0x224;
}

}  // namespace kexec
