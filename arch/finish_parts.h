// SPDX-License-Identifier: LGPL-2.1-or-later
// What Emit ends with on every machine: one digest over the segments, purgatory with its parameters written
// into it, and the plan in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "arch/machine.h"
#include "kexec/bytes.h"
#include "kexec/phys.h"
#include "kexec/plan.h"

namespace kexec {

void SortByAddress(std::vector<Segment>& segments);

// The number purgatory knows a kind of digest by (lib/freestanding/digest.h).
uint32_t DigestCode(DigestKind kind);

// The digest of what every one of `segments` holds, in their order: file bytes, no zero fill. `digest` has
// room for the longest kind; a shorter one is padded with zeros.
void DigestOf(const std::vector<Segment>& segments, DigestKind kind, uint8_t (&digest)[32]);

// Tells purgatory to check `segments`, at most as many as its parameters have room for.
template <class Params>
void FillDigest(const std::vector<Segment>& segments, DigestKind kind, Params& params) {
  params.digest_kind = DigestCode(kind);
  params.digest_flags = 0;
  params.hashed_count = 0;
  DigestOf(segments, kind, params.digest);
  if (kind == DigestKind::kNone) return;
  for (const Segment& segment : segments) {
    params.hashed[params.hashed_count++] = {segment.dest.begin().raw(), segment.contents.size()};
  }
}

// The segment 'purgatory': `blob` with `params` over its first bytes.
template <class Params>
Segment PurgatorySegment(Bytes blob, const Params& params, const PageRange& place) {
  std::vector<std::byte> bytes(blob.begin(), blob.end());
  std::memcpy(bytes.data(), &params, sizeof(params));
  return {"purgatory", place, SharedBytes::Own(std::move(bytes))};
}

// A plan of `segments`, sorted by address, entered at `entry` unless the user named another address.
LoadPlan AssemblePlan(const BootInputs& inputs, std::vector<Segment> segments, PhysAddr entry);

}  // namespace kexec
