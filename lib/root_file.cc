// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/root_file.h"

#include <algorithm>

namespace kexec {
namespace {

namespace fs = std::filesystem;

// `path` as the record has it; empty if it is not, or not plainly, below the record's directory.
fs::path InRecord(const fs::path& path, const SystemRoot& root) {
  if (root.live()) return {};
  fs::path relative = path.lexically_relative(root.path());
  const bool leads_out = std::ranges::any_of(path, [](const fs::path& name) { return name == ".."; });
  if (leads_out || relative == "." || (!relative.empty() && *relative.begin() == "..")) return {};
  return relative;
}

}  // namespace

Result<ImageFile> OpenImageFile(const fs::path& path, uint64_t max_bytes, const SystemRoot& root) {
  const fs::path relative = InRecord(path, root);
  if (relative.empty()) return OpenImageFile(path, max_bytes);
  KEXEC_ASSIGN(const UniqueFd fd,
               root.OpenDevice(relative.string()));  // a record's devices are regular files
  return OpenImageDescriptor(fd.get(), path, max_bytes);
}

}  // namespace kexec
