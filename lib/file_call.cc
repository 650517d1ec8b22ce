// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/file_call.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "kexec/explain.h"
#include "kexec/syscalls.h"

namespace kexec {
namespace {

// "6.1.0-49-amd64" → {6, 1}.
std::pair<unsigned, unsigned> MajorMinor(std::string_view release) {
  std::pair<unsigned, unsigned> version{0, 0};
  const char* end = release.data() + release.size();
  const auto [next, error] = std::from_chars(release.data(), end, version.first);
  if (error == std::errc() && next != end && *next == '.') std::from_chars(next + 1, end, version.second);
  return version;
}

}  // namespace

bool KernelIsSince(unsigned major, unsigned minor, const SystemRoot& root) {
  const auto release = root.KernelRelease();
  return release.has_value() && MajorMinor(*release) >= std::pair(major, minor);
}

// The flag and what it forbids came with Linux 6.17 (07d24902977e, "kexec: enable CMA based contiguous
// allocation"). kexec_alloc_contig() there asks dma_alloc_from_contiguous() for the alignment of an x86 or
// arm64 kernel, 2 MiB, which cuts it to CONFIG_CMA_ALIGNMENT pages, 1 MiB by default. A crash kernel never
// lies there.
uint64_t NoCmaFlag(LoadKind kind, const SystemRoot& root) {
  if (kind == LoadKind::kCrash || !KernelIsSince(6, 17, root)) return 0;
  return MemInfo("CmaTotal", root).value_or(0) != 0 ? kKexecFileNoCma : 0;
}

}  // namespace kexec
