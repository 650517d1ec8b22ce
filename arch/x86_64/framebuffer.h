// SPDX-License-Identifier: LGPL-2.1-or-later
// The frame buffer the new kernel's console starts on.
//
// The running kernel's screen_info names the one its boot loader set up. Usually it still is the right one
// (efifb, vesafb, simpledrm), and handing it on is all there is to do. Where a driver has moved the display
// elsewhere, /dev/fb0 knows: if it tells a physical address (fix.smem_start; DRM drivers hide it unless
// booted with drm_kms_helper.drm_leak_fbdev_smem=1) and that differs, screen_info is rewritten to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arch/x86_64/boot_params.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Bits of a pixel that hold one colour.
struct ColourField {
  uint8_t offset = 0;
  uint8_t length = 0;
  bool operator==(const ColourField&) const = default;
};

// What FBIOGET_FSCREENINFO and FBIOGET_VSCREENINFO say (include/uapi/linux/fb.h).
struct Framebuffer {
  std::string id;           // the driver's name
  uint64_t smem_start = 0;  // physical address; 0: the driver does not tell
  uint32_t smem_len = 0;    // bytes
  uint32_t line_length = 0;
  uint32_t xres = 0, yres = 0, bits_per_pixel = 0;
  ColourField red, green, blue, transp;
  bool operator==(const Framebuffer&) const = default;
};

// A recorded machine has no ioctls; its frame buffer is this text at dev/fb0.txt: one "name=value" a line,
//   id=simple  smem_start=0xc0000000  smem_len=  line_length=  xres=  yres=  bits_per_pixel=
//   red=OFFSET,LENGTH  green=  blue=  transp=
// numbers decimal or 0x. Unknown names are ignored, a missing one is 0.
inline constexpr std::string_view kFramebufferRecord = "dev/fb0.txt";
std::string FormatFramebuffer(const Framebuffer& framebuffer);
Result<Framebuffer> ParseFramebuffer(std::string_view text);

// /dev/fb0 of the host, or the recorded text. nullopt if there is none or it does not answer.
std::optional<Framebuffer> ReadFramebuffer(const SystemRoot& root, Diagnostics& diagnostics);

// `old` as the new kernel should see it. `efi`: EFI is handed on, which decides the kind of frame buffer
// where `old` had none (VIDEO_TYPE_EFI is only looked at by an EFI kernel's efifb; VIDEO_TYPE_VLFB by vesafb;
// sysfb takes both).
ScreenInfo NextScreenInfo(const ScreenInfo& old, const std::optional<Framebuffer>& framebuffer, bool efi);

}  // namespace kexec
KEXEC_PUBLIC_END
