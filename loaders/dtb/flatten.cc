// SPDX-License-Identifier: LGPL-2.1-or-later
// /proc/device-tree, made a blob again.
#include <libfdt.h>

#include <algorithm>

#include "loaders/dtb/device_tree.h"
#include "loaders/dtb/fdt_error.h"

namespace kexec {
namespace {

constexpr size_t kFirstBytes = 1 << 16;

// Writes a tree from its first byte to its last, as libfdt's sequential functions do.
class TreeWriter {
 public:
  explicit TreeWriter(const SystemRoot& root) : root_(root) {}

  Result<std::vector<std::byte>> Write(const std::string& path) {
    KEXEC_TRY(Run(path, [](void* tree, int size) { return fdt_create(tree, size); }));
    KEXEC_TRY(Run(path, [](void* tree, int) { return fdt_finish_reservemap(tree); }));
    KEXEC_TRY(WriteNode(path, "", 0));
    KEXEC_TRY(Run(path, [](void* tree, int) { return fdt_finish(tree); }));
    return std::move(blob_);
  }

 private:
  // Properties stand before nodes.
  Result<> WriteNode(const std::string& path, const std::string& name, int depth) {
    if (depth > DeviceTree::kMaxDepth) {
      return Fail(Errc::kMalformed, "'{}': nodes are nested deeper than {}", path, DeviceTree::kMaxDepth);
    }
    KEXEC_TRY(Run(path, [&](void* tree, int) { return fdt_begin_node(tree, name.c_str()); }));
    KEXEC_ASSIGN(const std::vector<std::string> entries, root_.List(path));
    std::vector<std::string> nodes;
    for (const std::string& entry : entries) {
      const EntryKind kind = root_.Kind(path + "/" + entry);
      if (kind == EntryKind::kDirectory) nodes.push_back(entry);
      if (kind == EntryKind::kFile) KEXEC_TRY(WriteProperty(path + "/" + entry, entry));
    }
    for (const std::string& node : nodes) KEXEC_TRY(WriteNode(path + "/" + node, node, depth + 1));
    return Run(path, [](void* tree, int) { return fdt_end_node(tree); });
  }

  Result<> WriteProperty(const std::string& path, const std::string& name) {
    if (name == "name") return {};  // the kernel shows the node's own name as a property
    KEXEC_ASSIGN(const std::vector<std::byte> value, root_.ReadHead(path, DeviceTree::kMaxBytes));
    return Run(path, [&](void* tree, int) {
      return fdt_property(tree, name.c_str(), value.data(), static_cast<int>(value.size()));
    });
  }

  template <class Step>
  Result<> Run(const std::string& path, Step step) {
    while (true) {
      const int error = step(blob_.data(), static_cast<int>(blob_.size()));
      if (error >= 0) return {};
      if (error != -FDT_ERR_NOSPACE) return Fail(Errc::kMalformed, "'{}': {}", path, FdtProblem(error));
      KEXEC_TRY(Enlarge(path));
    }
  }

  Result<> Enlarge(const std::string& path) {
    if (blob_.size() >= DeviceTree::kMaxBytes) {
      return Fail(Errc::kDoesNotFit, "'{}': the device tree is larger than {:#x} bytes", path,
                  DeviceTree::kMaxBytes);
    }
    std::vector<std::byte> larger(std::min(DeviceTree::kMaxBytes, blob_.size() * 2));
    const int error = fdt_resize(blob_.data(), larger.data(), static_cast<int>(larger.size()));
    if (error != 0) return Fail(Errc::kMalformed, "'{}': {}", path, FdtProblem(error));
    blob_ = std::move(larger);
    return {};
  }

  const SystemRoot& root_;
  std::vector<std::byte> blob_ = std::vector<std::byte>(kFirstBytes);
};

}  // namespace

Result<DeviceTree> FlattenDeviceTree(const SystemRoot& root, const std::string& path) {
  KEXEC_ASSIGN(const std::vector<std::byte> blob, TreeWriter(root).Write(path));
  return DeviceTree::Parse(blob);
}

}  // namespace kexec
