// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists of addresses and sizes (Devicetree Specification, 2.3.5 "#address-cells and #size-cells", 2.3.6
// "reg").
#include <optional>

#include "loaders/dtb/device_tree.h"

namespace kexec {
namespace {

constexpr size_t kCell = sizeof(uint32_t);
constexpr size_t kMaxCells = 2;

struct Cells {
  size_t address;
  size_t size;
};

// Of `node` for what lies below it; `missing` is what a node means that says nothing (2.3.5).
Result<size_t> CellCount(const TreeNodes& nodes, TreeNodes::Id node, std::string_view name, size_t missing) {
  const TreeNodes::Id property = nodes.FindProperty(node, name);
  if (property == TreeNodes::kNone) return missing;
  const Bytes value = nodes.property(property).value;
  const auto count = ReadAt<Be<uint32_t>>(value, 0);
  if (value.size() != kCell) {
    return Fail(Errc::kMalformed, "{} of '{}' has {} bytes, it must have {}", name, nodes.PathOf(node),
                value.size(), kCell);
  }
  if (*count > kMaxCells) {
    return Fail(Errc::kUnsupported, "{} of '{}' is {}; at most {} are understood", name, nodes.PathOf(node),
                uint32_t{*count}, kMaxCells);
  }
  return *count;
}

Result<Cells> CellsOf(const TreeNodes& nodes, TreeNodes::Id node) {
  KEXEC_ASSIGN(const size_t address, CellCount(nodes, node, "#address-cells", 2));
  KEXEC_ASSIGN(const size_t size, CellCount(nodes, node, "#size-cells", 1));
  if (address != 0) return Cells{address, size};
  return Fail(Errc::kMalformed, "#address-cells of '{}' is 0: what lies below it has no addresses",
              nodes.PathOf(node));
}

uint64_t TakeNumber(Bytes& rest, size_t cells) {
  uint64_t number = 0;
  for (size_t i = 0; i < cells; ++i) number = number << 32 | *ReadAt<Be<uint32_t>>(rest, i * kCell);
  rest = rest.subspan(cells * kCell);
  return number;
}

Result<> PutNumber(std::vector<std::byte>& out, uint64_t number, size_t cells) {
  if (cells < kMaxCells && number >> (32 * cells) != 0) {
    return Fail(Errc::kDoesNotFit, "{:#x} does not fit {} cells of 32 bits", number, cells);
  }
  for (size_t i = cells; i-- > 0;) {
    const Be<uint32_t> cell(static_cast<uint32_t>(number >> (32 * i)));
    const auto bytes = std::as_bytes(std::span(&cell, 1));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return {};
}

Result<std::vector<PhysRange>> Decode(Bytes list, const Cells& cells) {
  const size_t entry = (cells.address + cells.size) * kCell;
  if (list.size() % entry != 0) {
    return Fail(Errc::kMalformed, "{} bytes are no multiple of {}: {} cells for an address, {} for a size",
                list.size(), entry, cells.address, cells.size);
  }
  std::vector<PhysRange> ranges;
  while (!list.empty()) {
    const uint64_t address = TakeNumber(list, cells.address);
    const uint64_t size = TakeNumber(list, cells.size);
    if (size == 0) continue;
    const auto range = PhysRange::FromSize(PhysAddr(address), size);
    if (!range) return Fail(Errc::kMalformed, "{:#x} bytes at {:#x} reach beyond 2^64", size, address);
    ranges.push_back(*range);
  }
  return ranges;
}

}  // namespace

Result<std::vector<PhysRange>> DeviceTree::Ranges(const std::string& path,
                                                  const std::string& property) const {
  const auto list = Property(path, property);
  if (!list) return std::vector<PhysRange>();
  const TreeNodes::Id node = nodes().Find(path);
  const TreeNodes::Id parent = node == TreeNodes::kRoot ? node : nodes().node(node).parent;
  const std::string context = fmt::format("device tree: '{}': '{}'", path, property);
  KEXEC_ASSIGN(const Cells cells, CellsOf(nodes(), parent), context);
  KEXEC_ASSIGN(std::vector<PhysRange> ranges, Decode(*list, cells), context);
  return ranges;
}

Result<std::vector<std::byte>> DeviceTree::EncodeRanges(const std::string& parent,
                                                        std::span<const PhysRange> ranges) const {
  const std::string context = fmt::format("device tree: '{}'", parent);
  const TreeNodes::Id node = nodes().Find(parent);
  if (node == TreeNodes::kNone) return Fail(Errc::kUsage, "{}: there is no such node", context);
  KEXEC_ASSIGN(const Cells cells, CellsOf(nodes(), node), context);
  std::vector<std::byte> list;
  for (const PhysRange& range : ranges) {
    KEXEC_TRY(PutNumber(list, range.begin().raw(), cells.address), context);
    KEXEC_TRY(PutNumber(list, range.size(), cells.size), context);
  }
  return list;
}

}  // namespace kexec
