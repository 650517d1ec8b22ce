// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_machine.h"

#include <optional>
#include <utility>

#include "arch/x86_64/crash_layout.h"
#include "arch/x86_64/handover.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/x86_crash_facts.h"
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

class X86PlacedCrashBoot final : public PlacedBoot {
 public:
  X86PlacedCrashBoot(X86CrashBoot boot, X86Placement placement, Handover handover)
      : boot_(std::move(boot)), placement_(std::move(placement)), handover_(std::move(handover)) {}

  Result<LoadPlan> Emit() const override {
    return EmitCrashBzImage(boot_.inputs, placement_, handover_, boot_.extras);
  }

 private:
  X86CrashBoot boot_;
  X86Placement placement_;
  Handover handover_;
};

struct PlacedParts {
  X86Placement placement;
  Handover handover;
};

Result<PlacedParts> PlaceParts(const X86Facts& facts, const BootInputs& inputs, Diagnostics& diagnostics) {
  const BzImage& image = std::get<BzImage>(inputs.kernel.image);
  KEXEC_ASSIGN(const EntryMode mode, ChooseEntry(image, facts, diagnostics));
  Handover handover = Handover::Compose(facts, inputs, mode == EntryMode::k64, diagnostics);
  KEXEC_ASSIGN(X86Placement placement,
               PlaceBzImage(facts, inputs, mode, handover.size(), PurgatoryMemSize()));
  return PlacedParts{std::move(placement), std::move(handover)};
}

class X86Machine final : public Machine {
 public:
  X86Machine(X86Facts facts, std::optional<X86CrashFacts> crash)
      : facts_(std::move(facts)), crash_(std::move(crash)) {}

  std::string_view name() const override { return "x86_64"; }
  uint64_t arch_flag() const override { return kArchX86_64; }
  const MemoryMap& memory() const override { return facts_.memory.handed_over; }
  const std::vector<PhysRange>& crash_regions() const override { return facts_.memory.crash_regions; }

  ImageLimits limits() const override {
    const uint64_t end = (facts_.five_level ? kMaxMemFiveLevels : kMaxMemFourLevels) - 1;
    ImageLimits limits = {.destination = *PhysRange::FromBounds(PhysAddr(0), PhysAddr(end)),
                          .memory = &facts_.memory.placeable,
                          .total_ram_pages = facts_.total_ram_pages};
    // The kernel checks against crashk_res alone; a low part (crashk_low_res) lies below it.
    if (!crash_regions().empty()) limits.crash_regions = {crash_regions().back()};
    return limits;
  }

  Result<std::unique_ptr<PlacedBoot>> Place(const BootInputs& inputs,
                                            Diagnostics& diagnostics) const override {
    if (inputs.kind == LoadKind::kCrash) return PlaceCrash(inputs, diagnostics);
    KEXEC_ASSIGN(PlacedParts parts, PlaceParts(facts_, inputs, diagnostics));
    return std::make_unique<X86PlacedBoot>(inputs, std::move(parts.placement), std::move(parts.handover));
  }

 private:
  Result<std::unique_ptr<PlacedBoot>> PlaceCrash(const BootInputs& inputs, Diagnostics& diagnostics) const {
    if (!crash_) return Fail(Errc::kUsage, "this machine was not read for a crash kernel");
    KEXEC_ASSIGN(X86CrashBoot boot, PlaceCrashExtras(facts_, *crash_, inputs, diagnostics));
    KEXEC_ASSIGN(PlacedParts parts, PlaceParts(boot.facts, boot.inputs, diagnostics));
    return std::make_unique<X86PlacedCrashBoot>(std::move(boot), std::move(parts.placement),
                                                std::move(parts.handover));
  }

  X86Facts facts_;
  std::optional<X86CrashFacts> crash_;  // if it was read for a crash kernel
};

}  // namespace

Result<std::unique_ptr<Machine>> ReadX86Machine(const SystemRoot& root, LoadKind kind,
                                                Diagnostics& diagnostics) {
  KEXEC_ASSIGN(X86Facts facts, ReadX86Facts(root, diagnostics));
  std::optional<X86CrashFacts> crash;
  if (kind == LoadKind::kCrash) {
    KEXEC_ASSIGN(crash, ReadX86CrashFacts(root, diagnostics));
  }
  return std::make_unique<X86Machine>(std::move(facts), std::move(crash));
}

}  // namespace kexec
