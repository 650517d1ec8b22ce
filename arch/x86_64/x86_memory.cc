// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_memory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kexec/xen_domain.h"

namespace kexec {
namespace {

constexpr std::string_view kFirmwareMap = "sys/firmware/memmap";
constexpr uint64_t kLowEnd = 1 << 20;

// What is RAM in both maps.
MemoryMap RamOfBoth(const MemoryMap& a, const MemoryMap& b) {
  std::vector<MemoryRegion> both;
  auto first = a.ram().begin();
  auto second = b.ram().begin();
  while (first != a.ram().end() && second != b.ram().end()) {
    if (const auto common = first->Intersect(*second)) both.push_back({*common, MemoryType::kRam});
    if (first->end() < second->end()) {
      ++first;
    } else {
      ++second;
    }
  }
  return MemoryMap::FromRegions(std::move(both));
}

bool AddsEfiMap(const SystemRoot& root) {
  const auto command_line = root.ReadText("proc/cmdline");
  return command_line && HasWord(*command_line, "add_efi_memmap");
}

}  // namespace

MemoryMap ReserveKept(const MemoryMap& map, std::span<const PhysRange> ranges, const MemoryMap& running) {
  std::vector<MemoryRegion> named;
  for (const PhysRange& range : ranges) named.push_back({range, MemoryType::kRam});
  // Of two that overlap, what is not RAM wins.
  for (const PhysRange& range : running.ram()) named.push_back({range, MemoryType::kReserved});
  named.push_back({*PhysRange::FromBounds(PhysAddr(0), PhysAddr(kLowEnd)), MemoryType::kReserved});
  const MemoryMap kept = RamOfBoth(map, MemoryMap::FromRegions(std::move(named)));
  std::vector<MemoryRegion> regions(map.regions().begin(), map.regions().end());
  for (const PhysRange& range : kept.ram()) regions.push_back({range, MemoryType::kReserved});
  return MemoryMap::FromRegions(std::move(regions));
}

bool HasWord(std::string_view command_line, std::string_view word) {
  constexpr std::string_view kBlanks = " \t\n";
  while (!command_line.empty()) {
    const size_t length = std::min(command_line.find_first_of(kBlanks), command_line.size());
    const std::string_view found = command_line.substr(0, length);
    if (word.ends_with('=') ? found.starts_with(word) : found == word) return true;
    command_line.remove_prefix(std::min(length + 1, command_line.size()));
  }
  return false;
}

Result<X86Memory> ReadX86Memory(const SystemRoot& root, const Result<IomemReport>& iomem,
                                Diagnostics& diagnostics) {
  if (XenLoads(root)) {
    diagnostics.Note("memory map from Xen");
    if (!iomem) return std::unexpected(Error(iomem.error()).Context("cannot read the memory map"));
    return X86Memory{iomem->map, iomem->map, iomem->crash_regions};
  }
  const bool adds_efi_map = AddsEfiMap(root);
  if (adds_efi_map || !root.Exists(kFirmwareMap)) {
    const std::string why = adds_efi_map
                                ? "the running kernel has add_efi_memmap"
                                : fmt::format("'{}' does not exist", (root.path() / kFirmwareMap).string());
    diagnostics.Note("memory map from /proc/iomem: {}", why);
    if (!iomem) return std::unexpected(Error(iomem.error()).Context("cannot read the memory map"));
    return X86Memory{iomem->map, iomem->map, iomem->crash_regions};
  }
  KEXEC_ASSIGN(MemoryMap firmware, ReadFirmwareMemmap(root, diagnostics), "cannot read the memory map");
  if (!iomem) {
    diagnostics.Note("placing by the firmware's memory map alone: {}", iomem.error().message());
    return X86Memory{firmware, firmware, {}};
  }
  MemoryMap placeable = RamOfBoth(firmware, iomem->map);
  if (placeable.ram().empty()) {
    diagnostics.Warn(
        "the firmware's memory map and /proc/iomem have no RAM in common; placing by the firmware's");
    placeable = firmware;
  }
  return X86Memory{std::move(firmware), std::move(placeable), iomem->crash_regions};
}

}  // namespace kexec
