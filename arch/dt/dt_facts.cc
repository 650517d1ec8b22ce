// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/dt_facts.h"

#include <elf.h>

#include <algorithm>
#include <utility>

#include "arch/total_ram.h"
#include "loaders/dtb/device_tree.h"

namespace kexec {
namespace {

constexpr const char* kFlatTree = "sys/firmware/fdt";
constexpr const char* kUnfoldedTree = "proc/device-tree";
constexpr const char* kBoardNames = "proc/device-tree/compatible";
// This process's own: the page size is the same for all.
constexpr const char* kAuxv = "proc/self/auxv";
constexpr uint64_t kLargestPage = 64 * 1024;

Alignment ReadPageSize(const SystemRoot& root, Diagnostics& diagnostics) {
  const auto auxv = root.ReadBinary(kAuxv);
  if (auxv) {
    if (const auto page = PageSizeOfAuxv(*auxv)) return *page;
  }
  // Aligned to the largest pages segments are aligned to any.
  diagnostics.Note("'{}' does not tell the page size; {:#x} is assumed", (root.path() / kAuxv).string(),
                   kLargestPage);
  return *Alignment::Make(kLargestPage);
}

void FindTree(const SystemRoot& root, DtFacts& facts) {
  Result<NamedFile> tree = ReadRunningTree(root);
  if (tree) {
    facts.tree = *std::move(tree);
  } else {
    facts.why_no_tree = tree.error().message();
  }
}

}  // namespace

Result<NamedFile> ReadRunningTree(const SystemRoot& root) {
  auto flat = root.ReadBinary(kFlatTree);
  if (flat) {
    return NamedFile{(root.path() / kFlatTree).string(), SharedBytes::Own(*std::move(flat))};
  }
  const auto nodes =
      root.Exists(kUnfoldedTree) ? root.List(kUnfoldedTree) : Result<std::vector<std::string>>();
  if (!nodes || nodes->empty()) return std::unexpected(std::move(flat).error());
  KEXEC_ASSIGN(const DeviceTree tree, FlattenDeviceTree(root, kUnfoldedTree));
  return NamedFile{(root.path() / kUnfoldedTree).string(), SharedBytes::Own(tree.Packed())};
}

std::string ReadBoardName(const SystemRoot& root) {
  if (root.Kind(kBoardNames) == EntryKind::kFile) {
    const std::string names = root.ReadText(kBoardNames).value_or("");
    return names.substr(0, names.find('\0'));
  }
  const auto file = ReadRunningTree(root);
  const auto tree = file ? DeviceTree::Parse(file->contents.view()) : Result<DeviceTree>(DeviceTree::Empty());
  const std::vector<std::string> names = tree ? tree->Strings("/", "compatible") : std::vector<std::string>();
  return names.empty() ? std::string() : names.front();
}

std::optional<Alignment> PageSizeOfAuxv(Bytes auxv) {
  constexpr size_t kPair = 16;
  for (size_t at = 0; at + kPair <= auxv.size(); at += kPair) {
    const auto type = ReadAt<Le<uint64_t>>(auxv, at);
    const auto value = ReadAt<Le<uint64_t>>(auxv, at + kPair / 2);
    if (!type || !value || *type == AT_NULL) return std::nullopt;
    if (*type != AT_PAGESZ) continue;
    return *value < 4096 || *value > kLargestPage ? std::nullopt : Alignment::Make(*value);
  }
  return std::nullopt;
}

std::vector<PhysRange> WholeRam(const IomemReport& iomem) {
  std::vector<MemoryRegion> regions;
  for (const IomemEntry& entry : iomem.entries) {
    if (entry.name == "System RAM") regions.push_back({entry.range, MemoryType::kRam});
  }
  const MemoryMap map = MemoryMap::FromRegions(std::move(regions));
  return {map.ram().begin(), map.ram().end()};
}

DtFacts ReadDtFacts(const SystemRoot& root, const IomemReport& iomem, Diagnostics& diagnostics) {
  DtFacts facts;
  facts.page = ReadPageSize(root, diagnostics);
  facts.ram = WholeRam(iomem);
  facts.memory = iomem.map;
  facts.crash_regions = iomem.crash_regions;
  facts.total_ram_pages = ReadTotalRamPages(root, facts.page, diagnostics);
  FindTree(root, facts);
  facts.serial_devices = ReadSerialDevices(root);
  return facts;
}

}  // namespace kexec
