// SPDX-License-Identifier: LGPL-2.1-or-later
// A load plan: what Emit (arch/) writes, Validate proves, and Submit hands to the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/export.h"
#include "kexec/phys.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// The kernel keeps two images: the one reboot() jumps to and the one panic() jumps to.
enum class LoadKind { kNormal, kCrash };

struct Segment {
  std::string label;     // 'kernel', 'initrd', 'boot_params', 'purgatory', ...
  PageRange dest;        // memory it occupies after the jump
  SharedBytes contents;  // at most dest.size() bytes; the rest of dest is zero
};

struct LoadPlan {
  LoadKind kind = LoadKind::kNormal;
  PhysAddr entry;
  std::vector<Segment> segments;  // ascending by dest
  uint64_t flags = 0;             // of kexec_load, besides the architecture's and KEXEC_ON_CRASH
  std::string command_line;       // as the kernel will see it
};

}  // namespace kexec
KEXEC_PUBLIC_END
