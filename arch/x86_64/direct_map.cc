// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/direct_map.h"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "arch/x86_64/running_kernel.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "lib/kernel_config.h"

namespace kexec {
namespace {

constexpr uint64_t kFourLevels = 0xffff888000000000;
constexpr uint64_t kFiveLevels = 0xff11000000000000;
// KASLR_FLAG of loadflags: set by the decompressor for the kernel proper
// (Documentation/arch/x86/boot.rst; kaslr_enabled() in arch/x86/include/asm/setup.h).
constexpr uint8_t kKaslrFlag = 1 << 1;
constexpr std::pair<unsigned, unsigned> kLayoutSince = {4, 20};

std::optional<std::pair<unsigned, unsigned>> ReleaseNumbers(std::string_view release) {
  std::pair<unsigned, unsigned> numbers;
  const char* end = release.data() + release.size();
  const auto major = std::from_chars(release.data(), end, numbers.first);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  if (std::from_chars(major.ptr + 1, end, numbers.second).ec != std::errc()) return std::nullopt;
  return numbers;
}

bool IsRandomised(const SystemRoot& root) {
  SilentDiagnostics silent;
  const auto running = ReadRunningBootParams(root, silent);
  if (running && (running->header.loadflags & kKaslrFlag) == 0) return false;
  return KernelBuiltWith("CONFIG_RANDOMIZE_MEMORY", root).value_or(true);
}

}  // namespace

std::optional<uint64_t> FixedPageOffset(const SystemRoot& root) {
  const auto release = root.KernelRelease();
  const auto cpuinfo = ReadFirstCpu(root);
  if (!release || !cpuinfo) return std::nullopt;
  const auto numbers = ReleaseNumbers(*release);
  if (!numbers || *numbers < kLayoutSince || IsRandomised(root)) return std::nullopt;
  return UsesFiveLevelPaging(*cpuinfo) ? kFiveLevels : kFourLevels;
}

}  // namespace kexec
