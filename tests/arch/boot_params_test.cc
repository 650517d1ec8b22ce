// SPDX-License-Identifier: GPL-2.0-or-later
// Our structures against the kernel's own header.
#include "arch/x86_64/boot_params.h"

#include <asm/bootparam.h>
#include <gtest/gtest.h>

namespace kexec::testing {
namespace {

#define EXPECT_SAME_OFFSET(ours, theirs) \
  EXPECT_EQ(offsetof(BootParams, ours), offsetof(struct ::boot_params, theirs)) << #theirs

TEST(BootParams, HasTheOffsetsOfTheUapiHeader) {
  EXPECT_EQ(sizeof(BootParams), sizeof(struct ::boot_params));
  EXPECT_EQ(sizeof(ScreenInfo), sizeof(struct ::screen_info));
  EXPECT_EQ(sizeof(EfiInfo), sizeof(struct ::efi_info));
  EXPECT_EQ(sizeof(SetupHeader), sizeof(struct ::setup_header));
  EXPECT_EQ(sizeof(E820Entry), sizeof(struct ::boot_e820_entry));
  EXPECT_EQ(sizeof(SetupDataNode), sizeof(struct ::setup_data));
  EXPECT_EQ(kEddInfoSize, sizeof(struct ::edd_info));
  EXPECT_EQ(kEddDevices, size_t{EDDMAXNR});
  EXPECT_EQ(kEddMbrSignatures, size_t{EDD_MBR_SIG_MAX});
  EXPECT_SAME_OFFSET(tboot_addr, tboot_addr);
  EXPECT_SAME_OFFSET(acpi_rsdp_addr, acpi_rsdp_addr);
  EXPECT_SAME_OFFSET(ext_ramdisk_image, ext_ramdisk_image);
  EXPECT_SAME_OFFSET(ext_ramdisk_size, ext_ramdisk_size);
  EXPECT_SAME_OFFSET(ext_cmd_line_ptr, ext_cmd_line_ptr);
  EXPECT_SAME_OFFSET(cc_blob_address, cc_blob_address);
  EXPECT_SAME_OFFSET(edid_info, edid_info);
  EXPECT_SAME_OFFSET(efi_info, efi_info);
  EXPECT_SAME_OFFSET(alt_mem_k, alt_mem_k);
  EXPECT_SAME_OFFSET(e820_entries, e820_entries);
  EXPECT_SAME_OFFSET(eddbuf_entries, eddbuf_entries);
  EXPECT_SAME_OFFSET(edd_mbr_sig_buf_entries, edd_mbr_sig_buf_entries);
  EXPECT_SAME_OFFSET(secure_boot, secure_boot);
  EXPECT_SAME_OFFSET(sentinel, sentinel);
  EXPECT_SAME_OFFSET(header, hdr);
  EXPECT_SAME_OFFSET(header.type_of_loader, hdr.type_of_loader);
  EXPECT_SAME_OFFSET(header.loadflags, hdr.loadflags);
  EXPECT_SAME_OFFSET(header.ramdisk_image, hdr.ramdisk_image);
  EXPECT_SAME_OFFSET(header.cmd_line_ptr, hdr.cmd_line_ptr);
  EXPECT_SAME_OFFSET(header.hardware_subarch, hdr.hardware_subarch);
  EXPECT_SAME_OFFSET(header.setup_data, hdr.setup_data);
  EXPECT_SAME_OFFSET(edd_mbr_sig_buffer, edd_mbr_sig_buffer);
  EXPECT_SAME_OFFSET(e820_table, e820_table);
  EXPECT_SAME_OFFSET(eddbuf, eddbuf);
}

TEST(BootParams, ScreenInfoHasTheOffsetsOfTheUapiHeader) {
#define EXPECT_SAME_SCREEN_OFFSET(ours, theirs) \
  EXPECT_EQ(offsetof(ScreenInfo, ours), offsetof(struct ::screen_info, theirs)) << #theirs
  EXPECT_SAME_SCREEN_OFFSET(ext_mem_k, ext_mem_k);
  EXPECT_SAME_SCREEN_OFFSET(orig_video_is_vga, orig_video_isVGA);
  EXPECT_SAME_SCREEN_OFFSET(lfb_width, lfb_width);
  EXPECT_SAME_SCREEN_OFFSET(lfb_base, lfb_base);
  EXPECT_SAME_SCREEN_OFFSET(lfb_size, lfb_size);
  EXPECT_SAME_SCREEN_OFFSET(cl_magic, cl_magic);
  EXPECT_SAME_SCREEN_OFFSET(lfb_linelength, lfb_linelength);
  EXPECT_SAME_SCREEN_OFFSET(red_size, red_size);
  EXPECT_SAME_SCREEN_OFFSET(rsvd_pos, rsvd_pos);
  EXPECT_SAME_SCREEN_OFFSET(pages, pages);
  EXPECT_SAME_SCREEN_OFFSET(capabilities, capabilities);
  EXPECT_SAME_SCREEN_OFFSET(ext_lfb_base, ext_lfb_base);
}

}  // namespace
}  // namespace kexec::testing
