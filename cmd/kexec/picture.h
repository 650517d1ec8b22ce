// SPDX-License-Identifier: GPL-2.0-or-later
// Memory as a line of characters, so that a person sees at a glance what goes where.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kexec/memory_map.h"
#include "kexec/plan.h"

namespace kexec {

struct PictureStyle {
  unsigned columns = 80;
  bool utf8 = false;   // blocks instead of '.' and '|'
  bool color = false;  // ANSI colours for the segments
};

// One letter for each segment, in order: the first unused one of its label, else a digit.
std::string SegmentLetters(std::span<const Segment> segments);

// "|KKKKKK..BPC........  ....IIII...|": from the lowest to the highest address of RAM. Letters are segments
// (SegmentLetters), '.' is RAM, a blank is anything else. Widths grow with the logarithm of the size, and
// each segment gets one column at least; gaps are drawn together where there is no room for each. Ends with a
// newline.
std::string DrawMemory(const MemoryMap& map, std::span<const Segment> segments, const PictureStyle& style);

// "51.5 MiB", "4 KiB", "17 bytes".
std::string HumanSize(uint64_t bytes);

}  // namespace kexec
