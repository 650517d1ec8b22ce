// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/finish_plan.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arch/x86_64/purgatory/blob.h"
#include "lib/freestanding/digest.h"

namespace kexec {
namespace {

constexpr uint32_t kUartClock = 115200;  // bits per second at divisor 1

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

void FillConsole(const PurgatoryOptions& options, kexec_purgatory_params& params) {
  params.serial_base = options.console_serial ? options.serial_port : 0;
  params.serial_divisor =
      options.serial_baud && *options.serial_baud != 0 ? kUartClock / *options.serial_baud : 0;
  params.console_vga = options.console_vga;
  params.reset_vga = options.reset_vga;
  params.reset_seconds = options.reset_after_seconds;
}

void FillJump(const X86Jump& jump, kexec_purgatory_params& params) {
  params.entry_kind = jump.in_64bit_mode ? KEXEC_PURGATORY_ENTRY_64 : KEXEC_PURGATORY_ENTRY_32;
  params.kernel_entry = jump.entry.raw();
  params.registers = jump.registers;
}

// The digest of what every one of `segments` holds, in their order: file bytes, no zero fill.
void FillDigest(const std::vector<Segment>& segments, DigestKind kind, kexec_purgatory_params& params) {
  params.digest_kind = DigestCode(kind);
  params.digest_flags = 0;
  params.hashed_count = 0;
  params.zeroed_count = 0;
  std::memset(params.digest, 0, sizeof(params.digest));
  if (kind == DigestKind::kNone) return;
  kexec_digest_state state;
  kexec_digest_init(&state, params.digest_kind, 0);
  for (const Segment& segment : segments) {
    params.hashed[params.hashed_count++] = {segment.dest.begin().raw(), segment.contents.size()};
    kexec_digest_update(&state, segment.contents.view().data(), segment.contents.size());
  }
  kexec_digest_final(&state, params.digest);
}

void FillBackup(const LowMemoryBackup& low, kexec_purgatory_params& params) {
  params.backup_source = low.source.begin().raw();
  params.backup_destination = low.backup.begin().raw();
  params.backup_size = low.source.size();
}

// `hashed`: the segments the digest covers.
Segment EmitPurgatory(const BootInputs& inputs, const PageRange& purgatory, const X86Jump& jump,
                      const std::vector<Segment>& hashed, const X86CrashExtras* extras) {
  kexec_purgatory_params params = PurgatoryParams();
  FillJump(jump, params);
  FillConsole(inputs.purgatory, params);
  FillDigest(hashed, inputs.purgatory.digest, params);
  if (extras != nullptr && extras->backup) FillBackup(*extras->backup, params);
  const Bytes blob = PurgatoryBlob();
  std::vector<std::byte> bytes(blob.begin(), blob.end());
  std::memcpy(bytes.data(), &params, sizeof(params));
  return {"purgatory", purgatory, SharedBytes::Own(std::move(bytes))};
}

}  // namespace

void SortByAddress(std::vector<Segment>& segments) {
  std::ranges::sort(segments, {}, [](const Segment& segment) { return segment.dest.begin(); });
}

LoadPlan FinishPlan(const BootInputs& inputs, std::vector<Segment> segments, const PageRange& purgatory,
                    const X86Jump& jump, const X86CrashExtras* extras) {
  SortByAddress(segments);
  LoadPlan plan;
  plan.kind = inputs.kind;
  plan.command_line = inputs.command_line;
  plan.segments = std::move(segments);
  plan.segments.push_back(EmitPurgatory(inputs, purgatory, jump, plan.segments, extras));
  const PhysAddr entry(purgatory.begin().raw() + PurgatoryParams().entry_offset);
  plan.entry = inputs.entry.value_or(entry);
  SortByAddress(plan.segments);
  return plan;
}

}  // namespace kexec
