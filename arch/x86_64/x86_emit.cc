// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_emit.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "arch/finish_parts.h"
#include "arch/initrds.h"
#include "arch/page_pieces.h"
#include "arch/x86_64/finish_plan.h"
#include "arch/x86_64/preserved_layout.h"
#include "kexec/syscalls.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();

HandoverAddresses AddressesOf(const BootInputs& inputs, const X86Placement& placement) {
  HandoverAddresses addresses;
  addresses.handover = placement.handover.begin();
  addresses.kernel = placement.kernel.begin();
  if (!placement.initrds.empty()) {
    const PhysRange initrd = InitrdExtent(inputs.initrds, placement.initrds);
    addresses.initrd = initrd.begin();
    addresses.initrd_size = initrd.size();
  }
  return addresses;
}

// boot.rst: %rsi (%esi) points to boot_params; the 32-bit protocol wants %ebp, %edi and %ebx zero as well.
X86Jump JumpTo(const BootInputs& inputs, const LinuxImage& image, const X86Placement& placement) {
  X86Jump jump;
  jump.in_64bit_mode = image.mode == EntryMode::k64;
  jump.entry = PhysAddr(placement.kernel.begin().raw() + image.entry_offset);
  jump.registers.rsi = placement.handover.begin().raw();
  if (inputs.preserve_context) {
    const uint64_t line = placement.handover.begin().raw() + Handover::kCommandLineOffset;
    jump.jump_back_digits = DigitsOf(inputs.command_line, PhysAddr(line));
  }
  return jump;
}

std::vector<Segment> ImageSegments(const BootInputs& inputs, const LinuxImage& image,
                                   const X86Placement& placement, const Handover& handover) {
  std::vector<Segment> segments = KernelSegments(image.pieces, placement.kernel.begin(), kPage);
  std::ranges::move(InitrdSegments(inputs.initrds, placement.initrds), std::back_inserter(segments));
  segments.push_back(
      {"boot_params", placement.handover, SharedBytes::Own(handover.Write(AddressesOf(inputs, placement)))});
  return segments;
}

}  // namespace

LoadPlan EmitLinux(const BootInputs& inputs, const LinuxImage& image, const X86Placement& placement,
                   const Handover& handover) {
  return FinishPlan(inputs, ImageSegments(inputs, image, placement, handover), placement.purgatory,
                    JumpTo(inputs, image, placement));
}

LoadPlan EmitPreservedLinux(const BootInputs& inputs, const LinuxImage& image, const X86Placement& placement,
                            const Handover& handover, const std::vector<PhysRange>& memory) {
  LoadPlan plan = EmitLinux(inputs, image, placement, handover);
  plan.flags |= kKexecPreserveContext;
  PreserveTheRest(memory, plan);
  return plan;
}

LoadPlan EmitCrashLinux(const BootInputs& inputs, const LinuxImage& image, const X86Placement& placement,
                        const Handover& handover, const X86CrashExtras& extras) {
  std::vector<Segment> segments = ImageSegments(inputs, image, placement, handover);
  Segment headers = {"elfcorehdr", extras.core_headers, SharedBytes::Own(extras.core_header_bytes)};
  if (!extras.kernel_updates_headers) segments.push_back(headers);
  LoadPlan plan =
      FinishPlan(inputs, std::move(segments), placement.purgatory, JumpTo(inputs, image, placement), &extras);
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
