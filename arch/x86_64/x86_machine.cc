// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_machine.h"

#include <utility>

#include "arch/x86_64/handover.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/x86_emit.h"
#include "arch/x86_64/x86_facts.h"
#include "arch/x86_64/x86_layout.h"

namespace kexec {
namespace {

constexpr uint64_t kArchX86_64 = uint64_t{62} << 16;  // KEXEC_ARCH_X86_64, include/uapi/linux/kexec.h
// KEXEC_DESTINATION_MEMORY_LIMIT of x86_64 is MAXMEM - 1, MAXMEM being 2^46 with four levels of page tables
// and 2^52 with five (arch/x86/include/asm/{kexec,pgtable_64_types,sparsemem}.h).
constexpr uint64_t kMaxMemFourLevels = uint64_t{1} << 46;
constexpr uint64_t kMaxMemFiveLevels = uint64_t{1} << 52;

class X86PlacedBoot final : public PlacedBoot {
 public:
  X86PlacedBoot(const BootInputs& inputs, X86Placement placement, Handover handover)
      : inputs_(inputs), placement_(std::move(placement)), handover_(std::move(handover)) {}

  Result<LoadPlan> Emit() const override { return EmitBzImage(inputs_, placement_, handover_); }

 private:
  const BootInputs& inputs_;
  X86Placement placement_;
  Handover handover_;
};

class X86Machine final : public Machine {
 public:
  explicit X86Machine(X86Facts facts) : facts_(std::move(facts)) {}

  std::string_view name() const override { return "x86_64"; }
  uint64_t arch_flag() const override { return kArchX86_64; }
  const MemoryMap& memory() const override { return facts_.memory.handed_over; }
  const std::vector<PhysRange>& crash_regions() const override { return facts_.memory.crash_regions; }

  ImageLimits limits() const override {
    const uint64_t end = (facts_.five_level ? kMaxMemFiveLevels : kMaxMemFourLevels) - 1;
    return {.destination = *PhysRange::FromBounds(PhysAddr(0), PhysAddr(end)),
            .memory = &facts_.memory.placeable,
            .total_ram_pages = facts_.total_ram_pages,
            .crash_regions = facts_.memory.crash_regions};
  }

  Result<std::unique_ptr<PlacedBoot>> Place(const BootInputs& inputs,
                                            Diagnostics& diagnostics) const override {
    if (inputs.kind == LoadKind::kCrash) {
      return Fail(Errc::kUnsupported,
                  "crash kernels are only loaded by kexec_file_load so far; use --kexec-file-syscall");
    }
    const BzImage& image = std::get<BzImage>(inputs.kernel.image);
    KEXEC_ASSIGN(const EntryMode mode, ChooseEntry(image, facts_, diagnostics));
    Handover handover = Handover::Compose(facts_, inputs, mode == EntryMode::k64, diagnostics);
    KEXEC_ASSIGN(X86Placement placement,
                 PlaceBzImage(facts_, inputs, mode, handover.size(), PurgatoryMemSize()));
    return std::make_unique<X86PlacedBoot>(inputs, std::move(placement), std::move(handover));
  }

 private:
  X86Facts facts_;
};

}  // namespace

Result<std::unique_ptr<Machine>> ReadX86Machine(const SystemRoot& root, Diagnostics& diagnostics) {
  KEXEC_ASSIGN(X86Facts facts, ReadX86Facts(root, diagnostics));
  return std::make_unique<X86Machine>(std::move(facts));
}

}  // namespace kexec
