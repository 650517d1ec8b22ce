// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/riscv64/firmware_memory.h"

#include <string>

#include "kexec/memory_map.h"

namespace kexec {

bool IsFirmwareMemory(std::string_view node) { return node.starts_with("mmode_resv"); }

std::vector<PhysRange> FirmwareMemory(const DeviceTree& tree) {
  std::vector<PhysRange> memory;
  for (const std::string& name : tree.Children("/reserved-memory")) {
    if (!IsFirmwareMemory(name)) continue;
    const auto ranges = tree.Ranges("/reserved-memory/" + name, "reg");
    if (ranges) memory.insert(memory.end(), ranges->begin(), ranges->end());
  }
  return memory;
}

std::vector<PhysRange> WithoutFirmwareMemory(const std::vector<PhysRange>& dumped, const DeviceTree& tree) {
  std::vector<MemoryRegion> regions;
  for (const PhysRange& range : dumped) regions.push_back({range, MemoryType::kRam});
  for (const PhysRange& range : FirmwareMemory(tree)) regions.push_back({range, MemoryType::kReserved});
  const MemoryMap map = MemoryMap::FromRegions(std::move(regions));
  return {map.ram().begin(), map.ram().end()};
}

}  // namespace kexec
