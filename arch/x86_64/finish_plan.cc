// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/finish_plan.h"

#include <utility>

#include "arch/finish_parts.h"
#include "arch/x86_64/purgatory/blob.h"

namespace kexec {
namespace {

constexpr uint32_t kUartClock = 115200;  // bits per second at divisor 1

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
  params.jump_back_digits = jump.jump_back_digits.entry;
  params.jump_back_cr3_digits = jump.jump_back_digits.cr3;
  if (!jump.real_mode) return;
  params.entry_kind = KEXEC_PURGATORY_ENTRY_16;
  params.data_segment = jump.real_mode->data_segment;
  params.stack_pointer = jump.real_mode->stack_pointer;
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
  params.zeroed_count = 0;
  if (extras != nullptr && extras->backup) FillBackup(*extras->backup, params);
  return PurgatorySegment(PurgatoryBlob(), params, purgatory);
}

}  // namespace

LoadPlan FinishPlan(const BootInputs& inputs, std::vector<Segment> segments, const PageRange& purgatory,
                    const X86Jump& jump, const X86CrashExtras* extras) {
  SortByAddress(segments);
  segments.push_back(EmitPurgatory(inputs, purgatory, jump, segments, extras));
  const PhysAddr entry(purgatory.begin().raw() + PurgatoryParams().entry_offset);
  return AssemblePlan(inputs, std::move(segments), entry);
}

}  // namespace kexec
