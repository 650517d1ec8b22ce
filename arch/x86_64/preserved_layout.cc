// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/preserved_layout.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "arch/finish_parts.h"
#include "arch/x86_64/x86_layout.h"
#include "kexec/layout.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint64_t kLowMemoryEnd = 640 * 1024;  // where the adapter memory of a PC begins
// The first word is the one kexec-tools' purgatory appends; no kernel reads either.
constexpr std::string_view kEntryWord = "kexec_jump_back_entry=0x";
constexpr std::string_view kTablesWord = " kexec_jump_back_cr3=0x";
constexpr std::string_view kNoDigitsYet = "0000000000000000";

MemoryMap RamMap(std::span<const PhysRange> ranges) {
  std::vector<MemoryRegion> regions;
  for (const PhysRange& range : ranges) regions.push_back({range, MemoryType::kRam});
  return MemoryMap::FromRegions(std::move(regions));
}

// Whole pages of the window above low memory.
std::optional<PhysRange> HighWindow(const PhysRange& window) {
  const auto begin = kPage.Up(std::max(window.begin().raw(), kLowMemoryEnd));
  if (!begin) return std::nullopt;
  return PhysRange::FromBounds(PhysAddr(*begin), PhysAddr(kPage.Down(window.end().raw())));
}

std::vector<PhysRange> UsableRam(const X86Facts& facts, const PhysRange& window) {
  const PhysRange low = *PhysRange::FromSize(PhysAddr(0), kLowMemoryEnd);
  const auto high = HighWindow(window);
  std::vector<PhysRange> usable;
  for (const PhysRange& range : FreeMemory(facts).Free()) {
    if (const auto part = range.Intersect(low)) usable.push_back(*part);
    if (const auto part = high ? range.Intersect(*high) : std::nullopt) usable.push_back(*part);
  }
  return usable;
}

// What is not RAM stays as the firmware told it.
MemoryMap NarrowedMap(const MemoryMap& handed_over, std::span<const PhysRange> memory) {
  std::vector<MemoryRegion> regions;
  for (const MemoryRegion& region : handed_over.regions()) {
    if (region.type != MemoryType::kRam) regions.push_back(region);
  }
  for (const PhysRange& range : memory) regions.push_back({range, MemoryType::kRam});
  return MemoryMap::FromRegions(std::move(regions));
}

// All of it becomes segments (sanity_check_segment_list in kernel/kexec_core.c).
Result<> CheckHalf(std::span<const PhysRange> memory, const BootInputs& inputs, uint64_t total_ram_pages) {
  uint64_t bytes = 0;
  for (const PhysRange& range : memory) bytes += range.size();  // disjoint: no overflow
  const uint64_t most = total_ram_pages / 2;
  if (total_ram_pages == 0 || bytes / kPage.bytes() <= most) return {};
  return Fail(Errc::kDoesNotFit,
              "--load-preserve-context: {} leave {} pages of RAM to the new kernel, and at most {} can be "
              "preserved, half of this machine's; lower --mem-max",
              ToString(inputs.window), bytes / kPage.bytes(), most);
}

}  // namespace

Result<X86PreservedBoot> NarrowToPreserved(const X86Facts& facts, const BootInputs& inputs) {
  X86PreservedBoot boot{facts, inputs, UsableRam(facts, inputs.window)};
  if (boot.memory.empty()) {
    return Fail(Errc::kDoesNotFit, "--load-preserve-context: there is no RAM in {}; raise --mem-max",
                ToString(inputs.window));
  }
  KEXEC_TRY(CheckHalf(boot.memory, inputs, facts.total_ram_pages));
  boot.facts.memory.handed_over = NarrowedMap(facts.memory.handed_over, boot.memory);
  boot.facts.memory.placeable = RamMap(boot.memory);
  std::string& line = boot.inputs.command_line;
  if (!line.empty()) line += ' ';
  line.append(kEntryWord).append(kNoDigitsYet).append(kTablesWord).append(kNoDigitsYet);
  return boot;
}

JumpBackDigits DigitsOf(std::string_view command_line, PhysAddr address) {
  const uint64_t cr3 = address.raw() + command_line.size() - kNoDigitsYet.size();
  return {.entry = cr3 - kTablesWord.size() - kNoDigitsYet.size(), .cr3 = cr3};
}

void PreserveTheRest(const std::vector<PhysRange>& memory, LoadPlan& plan) {
  Layout rest(RamMap(memory), kPage);
  for (const Segment& segment : plan.segments) rest.Exclude(segment.dest.range());
  for (const PhysRange& range : rest.Free()) {
    plan.segments.push_back({"preserved", *PageRange::Exactly(range, kPage), SharedBytes()});
  }
  SortByAddress(plan.segments);
}

}  // namespace kexec
