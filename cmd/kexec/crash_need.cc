// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/crash_need.h"

#include <elf.h>

#include <algorithm>
#include <variant>

#include "kexec/crash_memory.h"

namespace kexec {
namespace {

constexpr uint64_t kPage = 4096;

uint64_t RoundedUpToPages(uint64_t bytes) {
  const uint64_t whole = bytes / kPage * kPage;
  if (whole == bytes) return bytes;
  return whole > UINT64_MAX - kPage ? UINT64_MAX : whole + kPage;
}

uint64_t PossibleCpus(const SystemRoot& root) {
  const auto text = root.ReadLine("sys/devices/system/cpu/possible");
  if (!text.has_value()) return 1;
  const auto ranges = ParseCpuList(*text);
  if (!ranges.has_value()) return 1;
  uint64_t count = 0;
  for (const CpuRange& range : *ranges) count += uint64_t{range.last} - range.first + 1;
  return std::max<uint64_t>(count, 1);
}

uint64_t CoreHeadersBytes(uint64_t cpus, uint64_t ranges, const SystemRoot& root) {
  // One for each CPU, vmcoreinfo, the kernel's own mapping, and each range.
  const uint64_t headers = sizeof(Elf64_Ehdr) + (cpus + 2 + ranges) * sizeof(Elf64_Phdr);
  return RoundedUpToPages(std::max(headers, ReadElfcorehdrSize(root).value_or(0)));
}

}  // namespace

CrashNeed GatherCrashNeed(const LoadRequest& request, uint64_t dumped_ranges, const SystemRoot& root) {
  CrashNeed need;
  need.kernel_bytes = RoundedUpToPages(RunBytes(request.kernel));
  for (const ImageFile& initrd : request.initrds) {
    need.initrd_bytes += RoundedUpToPages(initrd.bytes.size());  // mapped, so their sum exists
    const uint64_t unpacked = MeasureUnpacked(initrd.bytes.view()).bytes;
    need.unpacked_bytes += std::min(unpacked, UINT64_MAX - need.unpacked_bytes);
  }
  const uint64_t possible = PossibleCpus(root);
  need.core_headers_bytes = CoreHeadersBytes(possible, dumped_ranges, root);
  const auto limit = ParameterValue(request.command_line, "nr_cpus");
  const uint64_t allowed = limit ? ParseNumber(*limit).value_or(possible) : possible;
  need.cpus = std::clamp<uint64_t>(allowed, 1, possible);
  need.has_root = ParameterValue(request.command_line, "root").has_value();
  return need;
}

std::optional<std::string_view> ParameterValue(std::string_view command_line, std::string_view name) {
  std::optional<std::string_view> value;
  while (!command_line.empty()) {
    const std::string_view word = command_line.substr(0, command_line.find_first_of(" \t\n"));
    command_line.remove_prefix(std::min(word.size() + 1, command_line.size()));
    if (word == "--") break;  // what follows is for init
    if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
      value = word.substr(name.size() + 1);
    }
  }
  return value;
}

}  // namespace kexec
