// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_emit.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arch/x86_64/purgatory/blob.h"
#include "kexec/syscalls.h"
#include "lib/freestanding/digest.h"

namespace kexec {
namespace {

constexpr uint64_t kEntry64Offset = 0x200;  // boot.rst, "64-bit Boot Protocol"
constexpr uint32_t kUartClock = 115200;     // bits per second at divisor 1

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

HandoverAddresses AddressesOf(const BootInputs& inputs, const X86Placement& placement) {
  HandoverAddresses addresses;
  addresses.handover = placement.handover.begin();
  addresses.kernel = placement.kernel.begin();
  if (!placement.initrds.empty()) {
    addresses.initrd = placement.initrds.front().begin();
    const uint64_t before_last = placement.initrds.back().begin().raw() - addresses.initrd.raw();
    addresses.initrd_size = before_last + inputs.initrds.back().size();
  }
  return addresses;
}

void FillConsole(const PurgatoryOptions& options, kexec_purgatory_params& params) {
  params.serial_base = options.console_serial ? options.serial_port : 0;
  params.serial_divisor =
      options.serial_baud && *options.serial_baud != 0 ? kUartClock / *options.serial_baud : 0;
  params.console_vga = options.console_vga;
  params.reset_vga = options.reset_vga;
  params.reset_seconds = options.reset_after_seconds;
}

// boot.rst: %rsi (%esi) points to boot_params; the 32-bit protocol wants %ebp, %edi and %ebx zero as well.
void FillJump(const X86Placement& placement, kexec_purgatory_params& params) {
  const bool entry_64 = placement.mode == EntryMode::k64;
  params.entry_kind = entry_64 ? KEXEC_PURGATORY_ENTRY_64 : KEXEC_PURGATORY_ENTRY_32;
  params.kernel_entry = placement.kernel.begin().raw() + (entry_64 ? kEntry64Offset : 0);
  params.registers = {};
  params.registers.rsi = placement.handover.begin().raw();
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

// `hashed`: the segments the digest covers. `extras`: null for a normal boot.
Segment EmitPurgatory(const BootInputs& inputs, const X86Placement& placement,
                      const std::vector<Segment>& hashed, const X86CrashExtras* extras) {
  kexec_purgatory_params params = PurgatoryParams();
  FillJump(placement, params);
  FillConsole(inputs.purgatory, params);
  FillDigest(hashed, inputs.purgatory.digest, params);
  if (extras != nullptr && extras->backup) FillBackup(*extras->backup, params);
  const Bytes blob = PurgatoryBlob();
  std::vector<std::byte> bytes(blob.begin(), blob.end());
  std::memcpy(bytes.data(), &params, sizeof(params));
  return {"purgatory", placement.purgatory, SharedBytes::Own(std::move(bytes))};
}

std::vector<Segment> ImageSegments(const BootInputs& inputs, const X86Placement& placement,
                                   const Handover& handover) {
  std::vector<Segment> segments;
  segments.push_back({"kernel", placement.kernel, std::get<BzImage>(inputs.kernel.image).kernel});
  for (size_t i = 0; i < placement.initrds.size(); ++i) {
    std::string label = i == 0 ? "initrd" : fmt::format("initrd {}", i + 1);
    segments.push_back({std::move(label), placement.initrds[i], inputs.initrds[i]});
  }
  segments.push_back(
      {"boot_params", placement.handover, SharedBytes::Own(handover.Write(AddressesOf(inputs, placement)))});
  return segments;
}

void SortByAddress(std::vector<Segment>& segments) {
  std::ranges::sort(segments, {}, [](const Segment& segment) { return segment.dest.begin(); });
}

// `hashed` and purgatory, which the digest cannot cover.
LoadPlan Finish(const BootInputs& inputs, const X86Placement& placement, std::vector<Segment> hashed,
                const X86CrashExtras* extras) {
  SortByAddress(hashed);
  LoadPlan plan;
  plan.kind = inputs.kind;
  plan.command_line = inputs.command_line;
  plan.segments = std::move(hashed);
  plan.segments.push_back(EmitPurgatory(inputs, placement, plan.segments, extras));
  const PhysAddr purgatory(placement.purgatory.begin().raw() + PurgatoryParams().entry_offset);
  plan.entry = inputs.entry.value_or(purgatory);
  return plan;
}

}  // namespace

LoadPlan EmitBzImage(const BootInputs& inputs, const X86Placement& placement, const Handover& handover) {
  LoadPlan plan = Finish(inputs, placement, ImageSegments(inputs, placement, handover), nullptr);
  SortByAddress(plan.segments);
  return plan;
}

LoadPlan EmitCrashBzImage(const BootInputs& inputs, const X86Placement& placement, const Handover& handover,
                          const X86CrashExtras& extras) {
  std::vector<Segment> segments = ImageSegments(inputs, placement, handover);
  Segment headers = {"elfcorehdr", extras.core_headers, SharedBytes::Own(extras.core_header_bytes)};
  if (!extras.kernel_updates_headers) segments.push_back(headers);
  LoadPlan plan = Finish(inputs, placement, std::move(segments), &extras);
  if (extras.kernel_updates_headers) {
    plan.flags |= kKexecUpdateElfcorehdr;
    plan.segments.push_back(std::move(headers));
  }
  // Nothing is in it until purgatory fills it.
  if (extras.backup) plan.segments.push_back({"backup", extras.backup->backup, SharedBytes()});
  SortByAddress(plan.segments);
  return plan;
}

}  // namespace kexec
