// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_emit.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arch/x86_64/purgatory/blob.h"
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

// The digest of what every segment holds, in their order: file bytes, no zero fill.
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

Segment EmitPurgatory(const BootInputs& inputs, const X86Placement& placement,
                      const std::vector<Segment>& others) {
  kexec_purgatory_params params = PurgatoryParams();
  FillJump(placement, params);
  FillConsole(inputs.purgatory, params);
  FillDigest(others, inputs.purgatory.digest, params);
  const Bytes blob = PurgatoryBlob();
  std::vector<std::byte> bytes(blob.begin(), blob.end());
  std::memcpy(bytes.data(), &params, sizeof(params));
  return {"purgatory", placement.purgatory, SharedBytes::Own(std::move(bytes))};
}

}  // namespace

LoadPlan EmitBzImage(const BootInputs& inputs, const X86Placement& placement, const Handover& handover) {
  const auto by_address = [](const Segment& a, const Segment& b) { return a.dest.begin() < b.dest.begin(); };
  LoadPlan plan;
  plan.kind = inputs.kind;
  plan.segments.push_back({"kernel", placement.kernel, std::get<BzImage>(inputs.kernel.image).kernel});
  for (size_t i = 0; i < placement.initrds.size(); ++i) {
    std::string label = i == 0 ? "initrd" : fmt::format("initrd {}", i + 1);
    plan.segments.push_back({std::move(label), placement.initrds[i], inputs.initrds[i]});
  }
  plan.segments.push_back(
      {"boot_params", placement.handover, SharedBytes::Own(handover.Write(AddressesOf(inputs, placement)))});
  std::ranges::sort(plan.segments, by_address);
  plan.segments.push_back(EmitPurgatory(inputs, placement, plan.segments));
  std::ranges::sort(plan.segments, by_address);
  const PhysAddr purgatory(placement.purgatory.begin().raw() + PurgatoryParams().entry_offset);
  plan.entry = inputs.entry.value_or(purgatory);
  return plan;
}

}  // namespace kexec
