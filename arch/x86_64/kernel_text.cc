// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/kernel_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "arch/x86_64/direct_map.h"

namespace kexec {
namespace {

constexpr uint32_t kLoad = 1;  // PT_LOAD
// __START_KERNEL_map; text and modules share the last 2 GiB, and the text has at most the first of them
// (KERNEL_IMAGE_SIZE, arch/x86/include/asm/page_64_types.h).
constexpr uint64_t kTextBase = 0xffffffff80000000;
constexpr uint64_t kTextMax = uint64_t{1} << 30;
constexpr uint64_t kUpperHalf = uint64_t{1} << 63;
// fs/proc/kcore.c: p_paddr of what is not mapped to physical addresses in one piece.
constexpr uint64_t kPhysUnknown = UINT64_MAX;
// The direct map begins at a multiple of this (PUD_SIZE), even where it is randomised (arch/x86/mm/kaslr.c).
constexpr auto kDirectMapAlign = Alignment::Of<uint64_t{1} << 30>();

std::vector<ElfSegment> Loads(const ElfCore& kcore) {
  std::vector<ElfSegment> loads;
  std::ranges::copy_if(kcore.segments, std::back_inserter(loads),
                       [](const ElfSegment& segment) { return segment.type == kLoad; });
  return loads;
}

bool IsText(const ElfSegment& segment) { return segment.virt >= kTextBase; }
bool IsDirectMap(const ElfSegment& segment) { return segment.virt >= kUpperHalf && !IsText(segment); }

std::optional<KernelText> TextAt(const ElfSegment& segment, uint64_t phys) {
  const auto range = PhysRange::FromSize(PhysAddr(phys), segment.memory_size);
  if (!range || range->size() > kTextMax) return std::nullopt;
  return KernelText{*range, segment.virt};
}

KernelMapping MappingWithPhysicalAddresses(const std::vector<ElfSegment>& loads,
                                           const std::optional<PhysRange>& code) {
  KernelMapping mapping;
  bool contradictory = false;
  for (const ElfSegment& segment : loads) {
    if (segment.phys == kPhysUnknown) continue;
    if (IsText(segment)) {
      const auto text = TextAt(segment, segment.phys);
      if (text && !mapping.text && (!code || text->range.Contains(code->begin()))) mapping.text = text;
    } else if (IsDirectMap(segment)) {
      if (segment.phys > segment.virt - kUpperHalf) continue;
      const uint64_t page_offset = segment.virt - segment.phys;
      contradictory |= mapping.page_offset.value_or(page_offset) != page_offset;
      mapping.page_offset = page_offset;
    }
  }
  if (contradictory) mapping.page_offset.reset();
  return mapping;
}

KernelMapping MappingWithVirtualAddresses(const std::vector<ElfSegment>& loads,
                                          const std::optional<PhysRange>& code) {
  KernelMapping mapping;
  const ElfSegment* text = nullptr;
  const ElfSegment* direct_map = nullptr;
  for (const ElfSegment& segment : loads) {
    if (IsText(segment) && (text == nullptr || segment.virt < text->virt)) text = &segment;
    if (IsDirectMap(segment) && (direct_map == nullptr || segment.virt < direct_map->virt)) {
      direct_map = &segment;
    }
  }
  if (text != nullptr && code) mapping.text = TextAt(*text, code->begin().raw());
  if (direct_map != nullptr) mapping.page_offset = kDirectMapAlign.Down(direct_map->virt);
  return mapping;
}

}  // namespace

KernelMapping MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code) {
  const std::vector<ElfSegment> loads = Loads(kcore);
  const bool has_physical_addresses = std::ranges::any_of(
      loads, [](const ElfSegment& segment) { return segment.phys != 0 && segment.phys != kPhysUnknown; });
  return has_physical_addresses ? MappingWithPhysicalAddresses(loads, code)
                                : MappingWithVirtualAddresses(loads, code);
}

const MappingRules& X86MappingRules() {
  static constexpr MappingRules kRules = {.from_kcore = MappingFromKcore,
                                          .text_base = kTextBase,
                                          .text_max = kTextMax,
                                          .fixed_page_offset = FixedPageOffset};
  return kRules;
}

KernelMapping ReadX86KernelMapping(const SystemRoot& root, const IomemReport& iomem,
                                   Diagnostics& diagnostics) {
  return ReadKernelMapping(root, iomem, X86MappingRules(), diagnostics);
}

}  // namespace kexec
