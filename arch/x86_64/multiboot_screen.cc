// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/multiboot_screen.h"

#include <algorithm>

namespace kexec {
namespace {

constexpr uint64_t kTextMemory = 0xb8000;
constexpr uint8_t kTextBits = 16;
// screen_info.orig_video_isVGA (include/uapi/linux/screen_info.h): what the kernel's own setup code says of
// any VGA, and VIDEO_TYPE_EGAC, VIDEO_TYPE_VGAC.
constexpr uint8_t kVga = 1, kEgaColour = 0x21, kVgaColour = 0x22;
constexpr uint8_t kTextMode80x25 = 3;  // BIOS video mode

MultibootScreen Text(uint32_t columns, uint32_t lines) {
  return {.is_text = true,
          .address = kTextMemory,
          .pitch = columns * 2,
          .width = columns,
          .height = lines,
          .bits_per_pixel = kTextBits,
          .red = {},
          .green = {},
          .blue = {}};
}

std::optional<MultibootScreen> Linear(const ScreenInfo& info) {
  if (info.lfb_width == 0 || info.lfb_height == 0 || info.lfb_depth == 0 || info.lfb_depth > UINT8_MAX) {
    return std::nullopt;
  }
  uint64_t address = info.lfb_base;
  if ((info.capabilities & kVideoCapability64BitBase) != 0) address |= uint64_t{info.ext_lfb_base} << 32;
  if (address == 0) return std::nullopt;
  return MultibootScreen{.is_text = false,
                         .address = address,
                         .pitch = info.lfb_linelength,
                         .width = info.lfb_width,
                         .height = info.lfb_height,
                         .bits_per_pixel = static_cast<uint8_t>(info.lfb_depth),
                         .red = {info.red_pos, info.red_size},
                         .green = {info.green_pos, info.green_size},
                         .blue = {info.blue_pos, info.blue_size}};
}

bool IsColourText(const ScreenInfo& info) {
  const uint8_t type = info.orig_video_is_vga;
  return (type == kVga || type == kEgaColour || type == kVgaColour) &&
         info.orig_video_mode == kTextMode80x25 && info.orig_video_cols != 0 && info.orig_video_lines != 0;
}

}  // namespace

std::optional<MultibootScreen> ScreenFor(const X86Facts& facts, const BootInputs& inputs) {
  if (inputs.purgatory.reset_vga) return Text(80, 25);
  const ScreenInfo old = facts.running ? facts.running->screen_info : ScreenInfo{};
  const ScreenInfo info = NextScreenInfo(old, facts.framebuffer, facts.efi.has_value());
  if (info.orig_video_is_vga == kVideoTypeVesaLinear || info.orig_video_is_vga == kVideoTypeEfi) {
    return Linear(info);
  }
  // With a frame buffer that does not tell its address, a driver has left text mode.
  if (facts.framebuffer || !IsColourText(info)) return std::nullopt;
  return Text(info.orig_video_cols, info.orig_video_lines);
}

}  // namespace kexec
