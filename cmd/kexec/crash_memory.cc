// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/crash_memory.h"

#include "kexec/memory_map.h"

namespace kexec {

Result<uint64_t> CrashMemoryBytes(const SystemRoot& root) {
  const Result<IomemReport> iomem = ReadIomem(root);
  if (iomem.has_value()) return iomem->crash_regions.empty() ? 0 : iomem->crash_regions.back().size();
  const auto text = root.ReadLine("sys/kernel/kexec_crash_size");
  if (!text.has_value()) return std::unexpected(iomem.error());
  const auto bytes = ParseNumber(*text);
  if (!bytes) return Fail(Errc::kMalformed, "'sys/kernel/kexec_crash_size' holds '{}', not a number", *text);
  return *bytes;
}

Result<> RequireCrashMemory(const SystemRoot& root) {
  const Result<uint64_t> bytes = CrashMemoryBytes(root);
  if (!bytes.has_value() || *bytes > 0) return {};
  return Fail(Errc::kNoCrashRegion,
              "Memory for crashkernel is not reserved: boot the running kernel with crashkernel=256M (or "
              "more) on its "
              "command line, then load the crash kernel again");
}

}  // namespace kexec
