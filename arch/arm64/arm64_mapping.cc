// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/arm64/arm64_mapping.h"

#include "arch/dt/dt_mapping.h"
#include "arch/kernel_mapping.h"

namespace kexec {
namespace {

// The kernel's half of a 52-bit address space, the largest, begins here (memory.rst).
constexpr uint64_t kKernelHalf = 0xfff0000000000000;
// An Image lies within the reach of its own branches and of its modules' (memory.rst).
constexpr uint64_t kTextMax = uint64_t{2} << 30;

std::optional<uint64_t> Randomised(const SystemRoot& /*root*/) { return std::nullopt; }

}  // namespace

KernelMapping Arm64MappingFromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code) {
  return MappingFromKcore(kcore, code, kKernelHalf, kTextMax);
}

KernelMapping ReadArm64KernelMapping(const SystemRoot& root, const IomemReport& iomem,
                                     Diagnostics& diagnostics) {
  static constexpr MappingRules kRules = {.from_kcore = Arm64MappingFromKcore,
                                          .text_base = kKernelHalf,
                                          .text_max = kTextMax,
                                          .fixed_page_offset = Randomised};
  return ReadKernelMapping(root, iomem, kRules, diagnostics);
}

}  // namespace kexec
