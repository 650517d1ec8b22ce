// SPDX-License-Identifier: LGPL-2.1-or-later
// The screen a Multiboot kernel is told of: what the running kernel's screen_info (or /dev/fb0) describes, or
// the text mode purgatory sets.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/machine.h"
#include "arch/x86_64/framebuffer.h"
#include "arch/x86_64/x86_facts.h"

namespace kexec {

struct MultibootScreen {
  bool is_text = false;  // EGA text: sizes in characters, two bytes each; else pixels of direct colour
  uint64_t address = 0;  // physical
  uint32_t pitch = 0;    // bytes from one line to the next
  uint32_t width = 0;
  uint32_t height = 0;
  uint8_t bits_per_pixel = 0;
  ColourField red, green, blue;
};

// nullopt: nothing is known of a screen, or it is in a mode that these fields cannot describe.
std::optional<MultibootScreen> ScreenFor(const X86Facts& facts, const BootInputs& inputs);

}  // namespace kexec
