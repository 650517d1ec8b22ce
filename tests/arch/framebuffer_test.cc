// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/framebuffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

Framebuffer Moved() {
  return {.id = "i915drmfb",
          .smem_start = 0x2e0000000,
          .smem_len = 0x7e9000,
          .line_length = 7680,
          .xres = 1920,
          .yres = 1080,
          .bits_per_pixel = 32,
          .red = {16, 8},
          .green = {8, 8},
          .blue = {0, 8},
          .transp = {24, 8}};
}

ScreenInfo EfiScreen() {
  ScreenInfo screen = {};
  screen.ext_mem_k = 77;
  screen.orig_video_is_vga = kVideoTypeEfi;
  screen.lfb_width = 1280;
  screen.lfb_height = 800;
  screen.lfb_depth = 32;
  screen.lfb_base = 0x80000000;
  screen.lfb_size = 0x3e8000;
  screen.lfb_linelength = 5120;
  return screen;
}

TEST(Framebuffer, IsReadBackAsItWasWritten) {
  EXPECT_EQ(*ParseFramebuffer(FormatFramebuffer(Moved())), Moved());
  EXPECT_EQ(*ParseFramebuffer(""), Framebuffer{});
  EXPECT_EQ(ParseFramebuffer("future=7\nxres=5\n")->xres, 5u);
}

TEST(Framebuffer, RefusesWhatItCannotUnderstand) {
  EXPECT_EQ(MessageOf(ParseFramebuffer("xres\n")), "'xres' does not describe a frame buffer");
  EXPECT_EQ(MessageOf(ParseFramebuffer("xres=0x100000000\n")),
            "'xres=0x100000000' does not describe a frame buffer");
  EXPECT_EQ(MessageOf(ParseFramebuffer("red=16\n")), "'red=16' does not describe a frame buffer");
  EXPECT_EQ(MessageOf(ParseFramebuffer("red=256,8")), "'red=256,8' does not describe a frame buffer");
}

TEST(Framebuffer, OfARecordedMachineIsItsText) {
  ScratchRoot scratch;
  RecordingDiagnostics diagnostics;
  EXPECT_FALSE(ReadFramebuffer(scratch.root(), diagnostics).has_value());
  scratch.File("dev/fb0.txt", FormatFramebuffer(Moved()));
  EXPECT_EQ(ReadFramebuffer(scratch.root(), diagnostics), Moved());
  scratch.File("dev/fb0.txt", "rubbish");
  EXPECT_FALSE(ReadFramebuffer(scratch.root(), diagnostics).has_value());
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre("'dev/fb0.txt' is not used: 'rubbish' does not describe a frame buffer"));
}

TEST(NextScreenInfo, KeepsTheRunningKernelsScreen) {
  ScreenInfo expected = EfiScreen();
  expected.ext_mem_k = 0;
  Framebuffer same = Moved();
  same.smem_start = 0x80000000;
  Framebuffer hidden = Moved();
  hidden.smem_start = 0;  // simpledrm and most DRM drivers
  Framebuffer huge = Moved();
  huge.xres = 70000;
  for (const std::optional<Framebuffer>& framebuffer :
       std::vector<std::optional<Framebuffer>>{std::nullopt, same, hidden, huge}) {
    const ScreenInfo next = NextScreenInfo(EfiScreen(), framebuffer, true);
    EXPECT_EQ(std::memcmp(&next, &expected, sizeof(next)), 0);
  }
}

TEST(NextScreenInfo, FollowsAFrameBufferThatMoved) {
  const ScreenInfo next = NextScreenInfo(EfiScreen(), Moved(), false);
  EXPECT_EQ(next.orig_video_is_vga, kVideoTypeEfi);  // the kind the running kernel had
  EXPECT_EQ(next.lfb_base, 0xe0000000u);
  EXPECT_EQ(next.ext_lfb_base, 2u);
  EXPECT_EQ(next.capabilities, kVideoCapability64BitBase);
  EXPECT_EQ(next.lfb_size, 0x7e9000u);
  EXPECT_EQ(next.lfb_width, 1920);
  EXPECT_EQ(next.lfb_height, 1080);
  EXPECT_EQ(next.lfb_depth, 32);
  EXPECT_EQ(next.lfb_linelength, 7680);
  EXPECT_THAT((std::vector<int>{next.red_pos, next.red_size, next.green_pos, next.green_size, next.blue_pos,
                                next.blue_size, next.rsvd_pos, next.rsvd_size}),
              ElementsAre(16, 8, 8, 8, 0, 8, 24, 8));
}

TEST(NextScreenInfo, TurnsATextConsoleIntoTheKindTheNewKernelLooksAt) {
  ScreenInfo text = {};
  text.orig_video_is_vga = 1;
  Framebuffer low = Moved();
  low.smem_start = 0xd0000000;
  const ScreenInfo vesa = NextScreenInfo(text, low, false);
  EXPECT_EQ(vesa.orig_video_is_vga, kVideoTypeVesaLinear);
  EXPECT_EQ(vesa.lfb_size, 0x7fu);  // of 64 KiB, the last one in part
  EXPECT_EQ(vesa.capabilities, 0u);
  EXPECT_EQ(NextScreenInfo(text, low, true).orig_video_is_vga, kVideoTypeEfi);
}

}  // namespace
}  // namespace kexec::testing
