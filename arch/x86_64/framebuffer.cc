// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/framebuffer.h"

#include <fcntl.h>
#include <linux/fb.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kexec/file.h"

namespace kexec {
namespace {

constexpr const char* kDevice = "/dev/fb0";
constexpr uint32_t kVesaUnit = 64 << 10;  // screen_info.lfb_size of VIDEO_TYPE_VLFB counts 64 KiB

ColourField Field(const fb_bitfield& field) {
  return {static_cast<uint8_t>(field.offset), static_cast<uint8_t>(field.length)};
}

std::optional<Framebuffer> AskDevice(Diagnostics& diagnostics) {
  const UniqueFd fd(open(kDevice, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    diagnostics.Note("no frame buffer device: '{}': {}", kDevice, ErrnoText(errno));
    return std::nullopt;
  }
  fb_fix_screeninfo fix = {};
  fb_var_screeninfo var = {};
  if (ioctl(fd.get(), FBIOGET_FSCREENINFO, &fix) != 0 || ioctl(fd.get(), FBIOGET_VSCREENINFO, &var) != 0) {
    diagnostics.Note("'{}' does not describe itself: {}", kDevice, ErrnoText(errno));
    return std::nullopt;
  }
  Framebuffer framebuffer;
  framebuffer.id.assign(fix.id, strnlen(fix.id, sizeof(fix.id)));
  framebuffer.smem_start = fix.smem_start;
  framebuffer.smem_len = fix.smem_len;
  framebuffer.line_length = fix.line_length;
  framebuffer.xres = var.xres;
  framebuffer.yres = var.yres;
  framebuffer.bits_per_pixel = var.bits_per_pixel;
  framebuffer.red = Field(var.red);
  framebuffer.green = Field(var.green);
  framebuffer.blue = Field(var.blue);
  framebuffer.transp = Field(var.transp);
  return framebuffer;
}

template <class T>
bool SetNumber(std::string_view text, T& to) {
  const auto value = ParseNumber(text);
  if (!value || *value > static_cast<T>(-1)) return false;
  to = static_cast<T>(*value);
  return true;
}

bool SetField(std::string_view text, ColourField& to) {
  const size_t comma = text.find(',');
  return comma != std::string_view::npos && SetNumber(text.substr(0, comma), to.offset) &&
         SetNumber(text.substr(comma + 1), to.length);
}

// False: the value cannot be understood.
bool SetByName(std::string_view name, std::string_view value, Framebuffer& to) {
  if (name == "id") {
    to.id = value;
    return true;
  }
  if (name == "smem_start") return SetNumber(value, to.smem_start);
  if (name == "smem_len") return SetNumber(value, to.smem_len);
  if (name == "line_length") return SetNumber(value, to.line_length);
  if (name == "xres") return SetNumber(value, to.xres);
  if (name == "yres") return SetNumber(value, to.yres);
  if (name == "bits_per_pixel") return SetNumber(value, to.bits_per_pixel);
  if (name == "red") return SetField(value, to.red);
  if (name == "green") return SetField(value, to.green);
  if (name == "blue") return SetField(value, to.blue);
  if (name == "transp") return SetField(value, to.transp);
  return true;
}

uint64_t OldBase(const ScreenInfo& info) {
  uint64_t base = info.lfb_base;
  if ((info.capabilities & kVideoCapability64BitBase) != 0) base |= uint64_t{info.ext_lfb_base} << 32;
  return base;
}

bool IsLinear(const ScreenInfo& info) {
  return info.orig_video_is_vga == kVideoTypeVesaLinear || info.orig_video_is_vga == kVideoTypeEfi;
}

// Whether screen_info can say all of it: its fields have 16 bits.
bool Describable(const Framebuffer& fb) {
  return fb.smem_start != 0 && fb.smem_len != 0 && fb.xres != 0 && fb.yres != 0 && fb.bits_per_pixel != 0 &&
         std::max({fb.xres, fb.yres, fb.bits_per_pixel, fb.line_length}) <= UINT16_MAX;
}

}  // namespace

std::string FormatFramebuffer(const Framebuffer& fb) {
  const auto field = [](const ColourField& colour) {
    return fmt::format("{},{}", colour.offset, colour.length);
  };
  return fmt::format(
      "id={}\nsmem_start={:#x}\nsmem_len={:#x}\nline_length={}\nxres={}\nyres={}\nbits_per_pixel={}\n"
      "red={}\ngreen={}\nblue={}\ntransp={}\n",
      fb.id, fb.smem_start, fb.smem_len, fb.line_length, fb.xres, fb.yres, fb.bits_per_pixel, field(fb.red),
      field(fb.green), field(fb.blue), field(fb.transp));
}

Result<Framebuffer> ParseFramebuffer(std::string_view text) {
  Framebuffer framebuffer;
  while (!text.empty()) {
    const size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    const size_t equals = line.find('=');
    if (line.empty()) continue;
    if (equals == std::string_view::npos ||
        !SetByName(line.substr(0, equals), line.substr(equals + 1), framebuffer)) {
      return Fail(Errc::kMalformed, "'{}' does not describe a frame buffer", line);
    }
  }
  return framebuffer;
}

std::optional<Framebuffer> ReadFramebuffer(const SystemRoot& root, Diagnostics& diagnostics) {
  if (root.live()) return AskDevice(diagnostics);
  if (!root.Exists(kFramebufferRecord)) return std::nullopt;
  const auto text = root.ReadText(kFramebufferRecord);
  auto framebuffer = text ? ParseFramebuffer(*text) : Result<Framebuffer>(std::unexpected(text.error()));
  if (framebuffer) return *std::move(framebuffer);
  diagnostics.Warn("'{}' is not used: {}", kFramebufferRecord, framebuffer.error().message());
  return std::nullopt;
}

ScreenInfo NextScreenInfo(const ScreenInfo& old, const std::optional<Framebuffer>& framebuffer, bool efi) {
  ScreenInfo next = old;
  next.ext_mem_k = 0;  // the size of memory is told anew, and the command line is not at cl_offset
  next.cl_magic = 0;
  next.cl_offset = 0;
  if (!framebuffer || !Describable(*framebuffer)) return next;
  if (IsLinear(old) && OldBase(old) == framebuffer->smem_start) return next;
  const Framebuffer& fb = *framebuffer;
  next.orig_video_is_vga = IsLinear(old) ? old.orig_video_is_vga : efi ? kVideoTypeEfi : kVideoTypeVesaLinear;
  next.lfb_width = static_cast<uint16_t>(fb.xres);
  next.lfb_height = static_cast<uint16_t>(fb.yres);
  next.lfb_depth = static_cast<uint16_t>(fb.bits_per_pixel);
  next.lfb_linelength = static_cast<uint16_t>(fb.line_length);
  next.lfb_base = static_cast<uint32_t>(fb.smem_start);
  next.ext_lfb_base = static_cast<uint32_t>(fb.smem_start >> 32);
  next.capabilities = fb.smem_start > UINT32_MAX ? kVideoCapability64BitBase : 0;
  const bool vesa = next.orig_video_is_vga == kVideoTypeVesaLinear;
  next.lfb_size = vesa ? fb.smem_len / kVesaUnit + (fb.smem_len % kVesaUnit != 0) : fb.smem_len;
  next.red_pos = fb.red.offset;
  next.red_size = fb.red.length;
  next.green_pos = fb.green.offset;
  next.green_size = fb.green.length;
  next.blue_pos = fb.blue.offset;
  next.blue_size = fb.blue.length;
  next.rsvd_pos = fb.transp.offset;
  next.rsvd_size = fb.transp.length;
  next.vesapm_seg = 0;  // no BIOS call changes this frame buffer's mode
  next.vesapm_off = 0;
  next.pages = 1;
  return next;
}

}  // namespace kexec
