// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/dt_mapping.h"

namespace kexec {
namespace {

constexpr uint32_t kLoad = 1;  // PT_LOAD
// fs/proc/kcore.c: p_paddr of what is not mapped to physical addresses in one piece.
constexpr uint64_t kPhysUnknown = UINT64_MAX;

bool Covers(const ElfSegment& segment, PhysAddr address) {
  const auto range = PhysRange::FromSize(PhysAddr(segment.phys), segment.memory_size);
  return range && range->Contains(address);
}

}  // namespace

KernelMapping MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code,
                               uint64_t kernel_half, uint64_t text_max) {
  const ElfSegment* text = nullptr;
  const ElfSegment* direct = nullptr;
  for (const ElfSegment& segment : kcore.segments) {
    if (segment.type != kLoad || segment.phys == kPhysUnknown || segment.virt < kernel_half) continue;
    if (segment.phys == 0) continue;  // what kernels before 4.11 write for every address
    const bool over_code = code && Covers(segment, code->begin());
    if (over_code && segment.memory_size <= text_max &&
        (text == nullptr || segment.memory_size < text->memory_size)) {
      text = &segment;
    }
    if (direct == nullptr || segment.memory_size > direct->memory_size) direct = &segment;
  }
  if (text == direct) text = nullptr;  // a kernel without a segment for its text shows the direct map alone
  KernelMapping mapping;
  if (direct != nullptr) mapping.page_offset = direct->virt - direct->phys;
  if (text == nullptr || text->virt - text->phys == mapping.page_offset) return mapping;
  mapping.text = KernelText{*PhysRange::FromSize(PhysAddr(text->phys), text->memory_size), text->virt};
  return mapping;
}

}  // namespace kexec
