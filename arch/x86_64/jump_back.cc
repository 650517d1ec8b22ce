// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/jump_back.h"

#include <algorithm>
#include <utility>

#include "arch/finish_parts.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/x86_layout.h"
#include "kexec/layout.h"
#include "kexec/syscalls.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint64_t kLowest = 1 << 20;

}  // namespace

Result<LoadPlan> PlanX86JumpBack(const X86Facts& facts, const JumpBack& back) {
  const auto window =
      PhysRange::FromBounds(std::max(back.window.begin(), PhysAddr(kLowest)), back.window.end());
  if (!window) {
    return Fail(Errc::kDoesNotFit, "{} has no memory above {:#x} for what jumps back", ToString(back.window),
                kLowest);
  }
  Layout layout = FreeMemory(facts);
  KEXEC_ASSIGN(const PageRange place, layout.Reserve({.label = "purgatory",
                                                      .size = PurgatoryMemSize(),
                                                      .align = kPage,
                                                      .window = *window,
                                                      .search = Search::kTopDown}));
  kexec_purgatory_params params = PurgatoryParams();
  params.jump_back_entry = back.entry.raw();
  params.jump_back_cr3 = back.tables.value_or(PhysAddr(0)).raw();
  LoadPlan plan;
  plan.flags = kKexecPreserveContext;
  plan.entry = PhysAddr(place.begin().raw() + params.jump_back_offset);
  plan.segments.push_back(PurgatorySegment(PurgatoryBlob(), params, place));
  return plan;
}

}  // namespace kexec
