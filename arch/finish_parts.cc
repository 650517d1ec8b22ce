// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/finish_parts.h"

#include <algorithm>
#include <utility>

#include "lib/freestanding/digest.h"

namespace kexec {

void SortByAddress(std::vector<Segment>& segments) {
  std::ranges::sort(segments, {}, [](const Segment& segment) { return segment.dest.begin(); });
}

uint32_t DigestCode(DigestKind kind) {
  switch (kind) {
    case DigestKind::kNone:
      return KEXEC_DIGEST_NONE;
    case DigestKind::kXxh128:
      return KEXEC_DIGEST_XXH128;
    case DigestKind::kSha256:
      return KEXEC_DIGEST_SHA256;
  }
  return KEXEC_DIGEST_NONE;
}

void DigestOf(const std::vector<Segment>& segments, DigestKind kind, uint8_t (&digest)[32]) {
  std::memset(digest, 0, sizeof(digest));
  if (kind == DigestKind::kNone) return;
  kexec_digest_state state;
  kexec_digest_init(&state, DigestCode(kind), 0);
  for (const Segment& segment : segments) {
    kexec_digest_update(&state, segment.contents.view().data(), segment.contents.size());
  }
  kexec_digest_final(&state, digest);
}

LoadPlan AssemblePlan(const BootInputs& inputs, std::vector<Segment> segments, PhysAddr entry) {
  LoadPlan plan;
  plan.kind = inputs.kind;
  plan.command_line = inputs.command_line;
  plan.segments = std::move(segments);
  plan.entry = inputs.entry.value_or(entry);
  SortByAddress(plan.segments);
  return plan;
}

}  // namespace kexec
