// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/device_tree.h"

#include <libfdt.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "loaders/dtb/fdt_error.h"
#include "loaders/dtb/structure_block.h"

namespace kexec {
namespace {

constexpr size_t kFirstRoom = 4096;

// A path leads to the node it names (Devicetree Specification, 2.2.1 "Node Names").
Result<> CheckName(const void* tree, int node) {
  const char* name = fdt_get_name(tree, node, nullptr);
  if (name == nullptr || *name == '\0') return Fail(Errc::kMalformed, "there is a node without a name");
  if (std::string_view(name).find('/') == std::string_view::npos) return {};
  return Fail(Errc::kMalformed, "the name of a node has a '/': '{}'", std::string_view(name).substr(0, 80));
}

// Every node is reached, none is nested too deep, all have names, and the root has no brothers.
Result<> CheckNodes(const void* tree) {
  int depth = 0;
  int node = fdt_next_node(tree, -1, &depth);
  while (node >= 0 && depth >= 0) {
    if (depth > DeviceTree::kMaxDepth) {
      return Fail(Errc::kMalformed, "nodes are nested deeper than {}", DeviceTree::kMaxDepth);
    }
    if (depth > 1) KEXEC_TRY(CheckName(tree, node));  // the root has none
    node = fdt_next_node(tree, node, &depth);
  }
  if (node >= 0 || node == -FDT_ERR_NOTFOUND) return {};
  return Fail(Errc::kMalformed, "{}", FdtProblem(node));
}

// A copy with room to grow, once everything in `blob`, of the size its header says, has been looked at.
Result<std::vector<std::byte>> Open(Bytes blob) {
  KEXEC_TRY(CheckStructureBlock(blob));
  if (const int error = fdt_check_full(blob.data(), blob.size()); error != 0) {
    return Fail(Errc::kMalformed, "{}", FdtProblem(error));
  }
  KEXEC_TRY(CheckNodes(blob.data()));
  std::vector<std::byte> copy(blob.size() + kFirstRoom);
  if (const int error = fdt_open_into(blob.data(), copy.data(), static_cast<int>(copy.size())); error != 0) {
    return Fail(Errc::kMalformed, "{}", FdtProblem(error));
  }
  return copy;
}

Bytes AsBytes(const void* data, int size) {
  return {static_cast<const std::byte*>(data), static_cast<size_t>(size)};
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// "'/chosen': 'bootargs'".
std::string Named(const std::string& path, const std::string& name) {
  return fmt::format("'{}': '{}'", path, name);
}

}  // namespace

std::string FdtProblem(int error) { return fdt_strerror(error); }

Result<DeviceTree> DeviceTree::Parse(Bytes blob) {
  constexpr uint32_t kMagic = 0xd00dfeed;  // Devicetree Specification, 5.2
  constexpr uint32_t kFirstVersion = 17;   // what dtc has written since 2007
  const auto magic = ReadAt<Be<uint32_t>>(blob, 0);
  if (!magic || *magic != kMagic) return Fail(Errc::kNotRecognised, "this is no device tree");
  const auto size = ReadAt<Be<uint32_t>>(blob, 4);
  if (!size) return Fail(Errc::kMalformed, "the device tree ends inside its header");
  if (*size > blob.size()) {
    return Fail(
        Errc::kMalformed,
        "the device tree is cut short: its header says {:#x} bytes, {:#x} are there; copy the file again",
        uint32_t{*size}, blob.size());
  }
  if (*size > kMaxBytes) {
    return Fail(Errc::kDoesNotFit, "a device tree of {:#x} bytes; the limit is {:#x}", uint32_t{*size},
                kMaxBytes);
  }
  // In older ones libfdt checks no offset of a name, and below 16 follows a null pointer.
  const auto version = ReadAt<Be<uint32_t>>(blob, 20);
  if (!version) return Fail(Errc::kMalformed, "the device tree ends inside its header");
  if (*version < kFirstVersion) {
    return Fail(Errc::kUnsupported, "a device tree of version {}; {} and later can be read",
                uint32_t{*version}, kFirstVersion);
  }
  auto opened = Open(blob.first(*size));
  if (opened) return DeviceTree(*std::move(opened));
  return Fail(opened.error().code(),
              "the device tree is damaged: {}; copy the file again, or make it anew with dtc",
              opened.error().message());
}

DeviceTree DeviceTree::Empty() {
  std::vector<std::byte> blob(kFirstRoom);
  [[maybe_unused]] const int error = fdt_create_empty_tree(blob.data(), static_cast<int>(blob.size()));
  assert(error == 0);
  return DeviceTree(std::move(blob));
}

int DeviceTree::Find(const std::string& path) const { return fdt_path_offset(tree(), path.c_str()); }

Result<> DeviceTree::Enlarge() {
  if (blob_.size() >= kMaxBytes) {
    return Fail(Errc::kDoesNotFit, "the device tree grows beyond {:#x} bytes", kMaxBytes);
  }
  std::vector<std::byte> larger(std::min(kMaxBytes, blob_.size() * 2));
  if (const int error = fdt_open_into(tree(), larger.data(), static_cast<int>(larger.size())); error != 0) {
    return Fail(Errc::kMalformed, "{}", FdtProblem(error));
  }
  blob_ = std::move(larger);
  return {};
}

template <class Operation>
Result<> DeviceTree::Change(const std::string& what, Operation operation) {
  while (true) {
    const int error = operation(blob_.data());
    if (error >= 0) return {};
    if (error != -FDT_ERR_NOSPACE) {
      return Fail(Errc::kMalformed, "device tree: {}: {}", what, FdtProblem(error));
    }
    KEXEC_TRY(Enlarge(), fmt::format("device tree: {}", what));
  }
}

bool DeviceTree::HasNode(const std::string& path) const { return Find(path) >= 0; }

std::vector<std::string> DeviceTree::Children(const std::string& path) const {
  std::vector<std::string> names;
  const int parent = Find(path);
  if (parent < 0) return names;
  for (int node = fdt_first_subnode(tree(), parent); node >= 0; node = fdt_next_subnode(tree(), node)) {
    if (const char* name = fdt_get_name(tree(), node, nullptr)) names.emplace_back(name);
  }
  return names;
}

std::optional<Bytes> DeviceTree::Property(const std::string& path, const std::string& name) const {
  const int node = Find(path);
  if (node < 0) return std::nullopt;
  int size = 0;
  const void* value = fdt_getprop(tree(), node, name.c_str(), &size);
  if (value == nullptr) return std::nullopt;
  return AsBytes(value, size);
}

std::optional<uint64_t> DeviceTree::Number(const std::string& path, const std::string& name) const {
  const auto value = Property(path, name);
  if (!value) return std::nullopt;
  if (value->size() == 4) return *ReadAt<Be<uint32_t>>(*value, 0);
  if (value->size() == 8) return *ReadAt<Be<uint64_t>>(*value, 0);
  return std::nullopt;
}

std::vector<std::string> DeviceTree::Strings(const std::string& path, const std::string& name) const {
  std::vector<std::string> strings;
  std::string text;
  for (const std::byte b : Property(path, name).value_or(Bytes())) {
    if (b != std::byte{0}) {
      text += std::to_integer<char>(b);
      continue;
    }
    strings.push_back(std::move(text));
    text.clear();
  }
  return strings;
}

Result<> DeviceTree::AddNode(const std::string& path) {
  if (!path.starts_with('/') || (path.ends_with('/') && path != "/")) {
    return Fail(Errc::kUsage, "device tree: '{}' is no path of a node", path);
  }
  if (HasNode(path)) return {};
  const std::string parent = ParentOf(path);
  if (std::ranges::count(path, '/') > kMaxDepth) {
    return Fail(Errc::kUsage, "device tree: '{}' is nested deeper than {}", path, kMaxDepth);
  }
  KEXEC_TRY(AddNode(parent));
  const std::string name = path.substr(path.find_last_of('/') + 1);
  return Change(fmt::format("'{}'", path), [&](void* tree) {
    return fdt_add_subnode(tree, fdt_path_offset(tree, parent.c_str()), name.c_str());
  });
}

Result<> DeviceTree::DeleteNode(const std::string& path) {
  if (!HasNode(path)) return {};
  return Change(fmt::format("'{}'", path),
                [&](void* tree) { return fdt_del_node(tree, fdt_path_offset(tree, path.c_str())); });
}

Result<> DeviceTree::SetProperty(const std::string& path, const std::string& name, Bytes value) {
  if (value.size() > kMaxBytes) {
    return Fail(Errc::kDoesNotFit, "device tree: {} of {:#x} bytes; the limit is {:#x}", Named(path, name),
                value.size(), kMaxBytes);
  }
  const std::vector<std::byte> own(value.begin(), value.end());  // it may lie in the tree, which is moved
  KEXEC_TRY(AddNode(path));
  return Change(Named(path, name), [&](void* tree) {
    return fdt_setprop(tree, fdt_path_offset(tree, path.c_str()), name.c_str(), own.data(),
                       static_cast<int>(own.size()));
  });
}

Result<> DeviceTree::SetString(const std::string& path, const std::string& name, std::string_view value) {
  const std::string ended(value);  // with its final zero
  return SetProperty(path, name, std::as_bytes(std::span(ended.c_str(), ended.size() + 1)));
}

Result<> DeviceTree::SetU64(const std::string& path, const std::string& name, uint64_t value) {
  const std::array cells = {static_cast<uint32_t>(value >> 32), static_cast<uint32_t>(value)};
  return SetCells(path, name, cells);
}

Result<> DeviceTree::SetCells(const std::string& path, const std::string& name,
                              std::span<const uint32_t> cells) {
  const std::vector<Be<uint32_t>> ordered(cells.begin(), cells.end());
  return SetProperty(path, name, std::as_bytes(std::span(ordered)));
}

Result<> DeviceTree::DeleteProperty(const std::string& path, const std::string& name) {
  if (!Property(path, name)) return {};
  return Change(Named(path, name), [&](void* tree) {
    return fdt_delprop(tree, fdt_path_offset(tree, path.c_str()), name.c_str());
  });
}

std::vector<PhysRange> DeviceTree::Reservations() const {
  std::vector<PhysRange> ranges;
  const int count = std::max(0, fdt_num_mem_rsv(tree()));
  for (int i = 0; i < count; ++i) {
    uint64_t address = 0;
    uint64_t size = 0;
    if (fdt_get_mem_rsv(tree(), i, &address, &size) != 0) continue;
    if (const auto range = PhysRange::FromSize(PhysAddr(address), size)) ranges.push_back(*range);
  }
  return ranges;
}

Result<> DeviceTree::AddReservation(const PhysRange& range) {
  return Change(fmt::format("reservation of {}", ToString(range)),
                [&](void* tree) { return fdt_add_mem_rsv(tree, range.begin().raw(), range.size()); });
}

bool DeviceTree::RemoveReservation(const PhysRange& range) {
  const int count = std::max(0, fdt_num_mem_rsv(tree()));
  for (int i = 0; i < count; ++i) {
    uint64_t address = 0;
    uint64_t size = 0;
    if (fdt_get_mem_rsv(tree(), i, &address, &size) != 0) continue;
    if (address == range.begin().raw() && size == range.size()) {
      return fdt_del_mem_rsv(blob_.data(), i) == 0;
    }
  }
  return false;
}

std::vector<std::byte> DeviceTree::Packed() const {
  std::vector<std::byte> packed = blob_;
  [[maybe_unused]] const int error = fdt_pack(packed.data());
  assert(error == 0);
  packed.resize(ReadAt<Be<uint32_t>>(packed, 4).value());  // totalsize (Devicetree Specification, 5.2)
  return packed;
}

}  // namespace kexec
