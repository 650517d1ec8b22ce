// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/riscv64/riscv64_mapping.h"

#include <optional>

#include "arch/dt/dt_mapping.h"
#include "arch/kernel_mapping.h"

namespace kexec {
namespace {

// The kernel's half of a 57-bit address space, the largest, begins here; its text lies in the last 2 GiB
// (vm-layout.rst).
constexpr uint64_t kKernelHalf = 0xff00000000000000;
constexpr uint64_t kTextMax = uint64_t{2} << 30;

KernelMapping FromKcore(const ElfCore& kcore, const std::optional<PhysRange>& code) {
  return MappingFromKcore(kcore, code, kKernelHalf, kTextMax);
}

// It depends on how many levels of page tables the CPU has.
std::optional<uint64_t> NotFixed(const SystemRoot& /*root*/) { return std::nullopt; }

}  // namespace

KernelMapping ReadRiscv64KernelMapping(const SystemRoot& root, const IomemReport& iomem,
                                       Diagnostics& diagnostics) {
  static constexpr MappingRules kRules = {
      .from_kcore = FromKcore, .text_base = kKernelHalf, .text_max = kTextMax, .fixed_page_offset = NotFixed};
  return ReadKernelMapping(root, iomem, kRules, diagnostics);
}

}  // namespace kexec
