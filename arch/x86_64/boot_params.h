// SPDX-License-Identifier: LGPL-2.1-or-later
// struct boot_params, the "zero page" a Linux kernel finds at %rsi: offsets from
// Documentation/arch/x86/zero-page.rst and boot.rst, the inner structures from include/uapi/{asm/bootparam.h,
// linux/screen_info.h, linux/edd.h}.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kexec/bytes.h"
#include "loaders/bzimage/setup_header.h"

namespace kexec {

// screen_info.orig_video_isVGA, include/uapi/linux/screen_info.h.
inline constexpr uint8_t kVideoTypeVesaLinear = 0x23;  // VIDEO_TYPE_VLFB
inline constexpr uint8_t kVideoTypeEfi = 0x70;         // VIDEO_TYPE_EFI
inline constexpr uint32_t kVideoCapability64BitBase = 1 << 1;

// include/uapi/linux/screen_info.h.
struct ScreenInfo {
  uint8_t orig_x, orig_y;
  Le<uint16_t> ext_mem_k;
  Le<uint16_t> orig_video_page;
  uint8_t orig_video_mode, orig_video_cols, flags, unused2;
  Le<uint16_t> orig_video_ega_bx, unused3;
  uint8_t orig_video_lines, orig_video_is_vga;
  Le<uint16_t> orig_video_points;
  Le<uint16_t> lfb_width, lfb_height, lfb_depth;
  Le<uint32_t> lfb_base, lfb_size;   // size: 64 KiB units for VESA, bytes for EFI
  Le<uint16_t> cl_magic, cl_offset;  // command line before protocol 2.02
  Le<uint16_t> lfb_linelength;
  uint8_t red_size, red_pos, green_size, green_pos, blue_size, blue_pos, rsvd_size, rsvd_pos;
  Le<uint16_t> vesapm_seg, vesapm_off, pages, vesa_attributes;
  Le<uint32_t> capabilities, ext_lfb_base;
  uint8_t reserved[2];
};
static_assert(offsetof(ScreenInfo, orig_video_is_vga) == 0x0f && offsetof(ScreenInfo, lfb_base) == 0x18);
static_assert(offsetof(ScreenInfo, cl_magic) == 0x20 && offsetof(ScreenInfo, lfb_linelength) == 0x24);
static_assert(offsetof(ScreenInfo, capabilities) == 0x36 && offsetof(ScreenInfo, ext_lfb_base) == 0x3a);
static_assert(sizeof(ScreenInfo) == 0x40);

// efi_info.efi_loader_signature (boot.rst, EFI): "EL32", "EL64" in memory order.
inline constexpr uint32_t kEfiLoader32 = 0x32334c45;
inline constexpr uint32_t kEfiLoader64 = 0x34364c45;

struct EfiInfo {
  Le<uint32_t> loader_signature, systab, memdesc_size, memdesc_version;
  Le<uint32_t> memmap, memmap_size, systab_hi, memmap_hi;
};
static_assert(sizeof(EfiInfo) == 0x20);

// SetupHeader::type_of_loader (boot.rst): "D: kexec-tools", version 0.
inline constexpr uint8_t kLoaderKexec = 0xd0;

// boot_params.e820_table[].type, arch/x86/include/asm/e820/types.h.
enum class E820Type : uint32_t {
  kRam = 1,
  kReserved = 2,
  kAcpi = 3,
  kNvs = 4,
  kUnusable = 5,
  kPmem = 7,
  kPram = 12,
  kSoftReserved = 0xefffffff,
};

struct E820Entry {
  Le<uint64_t> addr, size;
  Le<uint32_t> type;
};
static_assert(sizeof(E820Entry) == 20);
inline constexpr size_t kE820InZeroPage = 128;  // E820_MAX_ENTRIES_ZEROPAGE, asm/bootparam.h

inline constexpr size_t kEddDevices = 6;         // EDDMAXNR, linux/edd.h
inline constexpr size_t kEddMbrSignatures = 16;  // EDD_MBR_SIG_MAX, linux/edd.h
inline constexpr size_t kEddInfoSize = 82;       // sizeof(struct edd_info), linux/edd.h

struct BootParams {
  ScreenInfo screen_info;                               // 0x000
  uint8_t apm_bios_info[0x18];                          // 0x040, with padding
  Le<uint64_t> tboot_addr;                              // 0x058
  uint8_t ist_info[0x10];                               // 0x060
  Le<uint64_t> acpi_rsdp_addr;                          // 0x070
  uint8_t pad3[8], hd0_info[0x10], hd1_info[0x10];      // 0x078
  uint8_t sys_desc_table[0x10], olpc_ofw_header[0x10];  // 0x0a0
  Le<uint32_t> ext_ramdisk_image;                       // 0x0c0
  Le<uint32_t> ext_ramdisk_size;                        // 0x0c4
  Le<uint32_t> ext_cmd_line_ptr;                        // 0x0c8
  uint8_t pad4[0x70];                                   // 0x0cc
  Le<uint32_t> cc_blob_address;                         // 0x13c
  std::array<uint8_t, 0x80> edid_info;                  // 0x140
  EfiInfo efi_info;                                     // 0x1c0
  Le<uint32_t> alt_mem_k;                               // 0x1e0
  Le<uint32_t> scratch;                                 // 0x1e4
  uint8_t e820_entries;                                 // 0x1e8
  uint8_t eddbuf_entries, edd_mbr_sig_buf_entries;      // 0x1e9
  uint8_t kbd_status;                                   // 0x1eb
  uint8_t secure_boot;                                  // 0x1ec, enum efi_secureboot_mode
  uint8_t pad5[2];                                      // 0x1ed
  uint8_t sentinel;                                     // 0x1ef: 0, or the kernel wipes what we filled in
  uint8_t pad6;                                         // 0x1f0
  SetupHeader header;                                   // 0x1f1
  uint8_t pad7[0x290 - 0x1f1 - sizeof(SetupHeader)];    // later protocols grow the header into this
  std::array<Le<uint32_t>, kEddMbrSignatures> edd_mbr_sig_buffer;  // 0x290
  std::array<E820Entry, kE820InZeroPage> e820_table;               // 0x2d0
  uint8_t pad8[0x30];                                              // 0xcd0
  std::array<uint8_t, kEddDevices * kEddInfoSize> eddbuf;          // 0xd00
  uint8_t pad9[0x1000 - 0xd00 - kEddDevices * kEddInfoSize];
};
static_assert(offsetof(BootParams, tboot_addr) == 0x058 && offsetof(BootParams, acpi_rsdp_addr) == 0x070);
static_assert(offsetof(BootParams, ext_ramdisk_image) == 0x0c0 &&
              offsetof(BootParams, cc_blob_address) == 0x13c);
static_assert(offsetof(BootParams, edid_info) == 0x140 && offsetof(BootParams, efi_info) == 0x1c0);
static_assert(offsetof(BootParams, alt_mem_k) == 0x1e0 && offsetof(BootParams, e820_entries) == 0x1e8);
static_assert(offsetof(BootParams, secure_boot) == 0x1ec && offsetof(BootParams, sentinel) == 0x1ef);
static_assert(offsetof(BootParams, header) == 0x1f1 && offsetof(BootParams, edd_mbr_sig_buffer) == 0x290);
static_assert(offsetof(BootParams, header.version) == 0x206 &&
              offsetof(BootParams, header.code32_start) == 0x214);
static_assert(offsetof(BootParams, header.cmd_line_ptr) == 0x228 &&
              offsetof(BootParams, header.setup_data) == 0x250);
static_assert(offsetof(BootParams, header.kernel_info_offset) == 0x268);
static_assert(offsetof(BootParams, e820_table) == 0x2d0 && offsetof(BootParams, eddbuf) == 0xd00);
static_assert(sizeof(BootParams) == 0x1000 && alignof(BootParams) == 1);

// Room for a setup header in boot_params, whatever its protocol version.
inline constexpr size_t kSetupHeaderRoom = 0x290 - 0x1f1;

// The list at header.setup_data (boot.rst, 64-bit "setup_data", protocol 2.09; types: asm/setup_data.h).
struct SetupDataNode {
  Le<uint64_t> next;
  Le<uint32_t> type, len;
};
static_assert(sizeof(SetupDataNode) == 16);

enum class SetupDataType : uint32_t {
  kE820Ext = 1,
  kDtb = 2,
  kPci = 3,
  kEfi = 4,
  kAppleProperties = 5,
  kJailhouse = 6,
  kCcBlob = 7,
  kIma = 8,
  kRngSeed = 9,
  kKexecKho = 10,
};
inline constexpr uint32_t kSetupIndirect = 1u << 31;
inline constexpr uint16_t kProtocolSetupData = 0x0209;  // boot.rst: the protocol that brought setup_data

// The payload of SETUP_EFI (struct efi_setup_data, arch/x86/include/asm/efi.h): physical addresses, because
// the running kernel has told the firmware virtual ones and the system table shows those.
struct EfiSetupData {
  Le<uint64_t> fw_vendor, runtime, tables, smbios;
  std::array<Le<uint64_t>, 8> reserved;
};
static_assert(sizeof(EfiSetupData) == 96);

// EFI_MEMORY_DESCRIPTOR, version 1 (UEFI specification, 7.2 GetMemoryMap).
struct EfiMemoryDescriptor {
  Le<uint32_t> type, pad;
  Le<uint64_t> physical, virtual_address, pages, attribute;
};
static_assert(sizeof(EfiMemoryDescriptor) == 40);

}  // namespace kexec
