// SPDX-License-Identifier: LGPL-2.1-or-later
// The real-mode segment a kernel is entered in: its setup code with what boot.rst has a boot loader write
// into the header, and the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/phys.h"
#include "loaders/kernel_image.h"

namespace kexec {

struct RealModeAddresses {
  PhysAddr setup;         // of the segment
  uint16_t heap_end = 0;  // offset in it
  PhysAddr kernel;
  PhysAddr initrd;  // 0: there is none
  uint64_t initrd_size = 0;
};

// Pure. The segment from its begin to the command line's final zero.
std::vector<std::byte> WriteRealModeSetup(const BzImage& image, const std::string& command_line,
                                          const RealModeAddresses& addresses);

// Pure. The mode that the last "vga=" of `command_line` names (boot.rst, "Special Command Line Options");
// nullopt where there is none or it names nothing.
std::optional<uint16_t> VideoMode(std::string_view command_line);

}  // namespace kexec
