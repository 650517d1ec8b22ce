// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/arm64/arm64_mapping.h"

#include "arch/kernel_mapping.h"

namespace kexec {
namespace {

constexpr uint32_t kLoad = 1;  // PT_LOAD
// fs/proc/kcore.c: p_paddr of what is not mapped to physical addresses in one piece.
constexpr uint64_t kPhysUnknown = UINT64_MAX;
// The kernel's half of a 52-bit address space, the largest, begins here (memory.rst).
constexpr uint64_t kKernelHalf = 0xfff0000000000000;
// An Image lies within the reach of its own branches and of its modules' (memory.rst).
constexpr uint64_t kTextMax = uint64_t{2} << 30;

bool Covers(const ElfSegment& segment, PhysAddr address) {
  const auto range = PhysRange::FromSize(PhysAddr(segment.phys), segment.memory_size);
  return range && range->Contains(address);
}

std::optional<uint64_t> Randomised(const SystemRoot& /*root*/) { return std::nullopt; }

}  // namespace

KernelMapping Arm64MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code) {
  const ElfSegment* text = nullptr;
  const ElfSegment* direct = nullptr;
  for (const ElfSegment& segment : kcore.segments) {
    if (segment.type != kLoad || segment.phys == kPhysUnknown || segment.virt < kKernelHalf) continue;
    if (segment.phys == 0) continue;  // what kernels before 4.11 write for every address
    const bool over_code = code && Covers(segment, code->begin());
    if (over_code && segment.memory_size <= kTextMax &&
        (text == nullptr || segment.memory_size < text->memory_size)) {
      text = &segment;
    }
    if (direct == nullptr || segment.memory_size > direct->memory_size) direct = &segment;
  }
  KernelMapping mapping;
  if (direct != nullptr && direct != text) mapping.page_offset = direct->virt - direct->phys;
  if (text == nullptr || text->virt - text->phys == mapping.page_offset) return mapping;
  mapping.text = KernelText{*PhysRange::FromSize(PhysAddr(text->phys), text->memory_size), text->virt};
  return mapping;
}

KernelMapping ReadArm64KernelMapping(const SystemRoot& root, const IomemReport& iomem,
                                     Diagnostics& diagnostics) {
  static constexpr MappingRules kRules = {.from_kcore = Arm64MappingFromKcore,
                                          .text_base = kKernelHalf,
                                          .text_max = kTextMax,
                                          .fixed_page_offset = Randomised};
  return ReadKernelMapping(root, iomem, kRules, diagnostics);
}

}  // namespace kexec
