// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_machine.h"

#include <optional>
#include <utility>
#include <variant>

#include "arch/crash_facts.h"
#include "arch/require_purgatory.h"
#include "arch/x86_64/crash_layout.h"
#include "arch/x86_64/elf_boot.h"
#include "arch/x86_64/given_tree.h"
#include "arch/x86_64/handover.h"
#include "arch/x86_64/jump_back.h"
#include "arch/x86_64/kernel_text.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/multiboot_boot.h"
#include "arch/x86_64/preserved_layout.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/real_mode_boot.h"
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

struct PlacedParts {
  LinuxImage image;
  X86Placement placement;
  Handover handover;
};

class PlacedLinux final : public PlacedBoot {
 public:
  PlacedLinux(const BootInputs& inputs, PlacedParts parts) : inputs_(inputs), parts_(std::move(parts)) {}

  Result<LoadPlan> Emit() const override {
    return EmitLinux(inputs_, parts_.image, parts_.placement, parts_.handover);
  }

 private:
  const BootInputs& inputs_;
  PlacedParts parts_;
};

class PlacedCrashLinux final : public PlacedBoot {
 public:
  PlacedCrashLinux(X86CrashBoot boot, PlacedParts parts) : boot_(std::move(boot)), parts_(std::move(parts)) {}

  Result<LoadPlan> Emit() const override {
    return EmitCrashLinux(boot_.inputs, parts_.image, parts_.placement, parts_.handover, boot_.extras);
  }

 private:
  X86CrashBoot boot_;
  PlacedParts parts_;
};

Result<Handover> ComposeHandover(const X86Facts& facts, const BootInputs& inputs, const LinuxImage& image,
                                 Diagnostics& diagnostics) {
  if (!inputs.device_tree.tree) return Handover::Compose(facts, inputs, image, diagnostics);
  KEXEC_ASSIGN(const X86Facts told, WithGivenTree(facts, *inputs.device_tree.tree, image));
  return Handover::Compose(told, inputs, image, diagnostics);
}

class PlacedPreservedLinux final : public PlacedBoot {
 public:
  PlacedPreservedLinux(X86PreservedBoot boot, PlacedParts parts)
      : boot_(std::move(boot)), parts_(std::move(parts)) {}

  Result<LoadPlan> Emit() const override {
    return EmitPreservedLinux(boot_.inputs, parts_.image, parts_.placement, parts_.handover, boot_.memory);
  }

 private:
  X86PreservedBoot boot_;
  PlacedParts parts_;
};

Result<PlacedParts> PlaceParts(LinuxImage image, const X86Facts& facts, const BootInputs& inputs,
                               Diagnostics& diagnostics) {
  KEXEC_ASSIGN(Handover handover, ComposeHandover(facts, inputs, image, diagnostics));
  KEXEC_ASSIGN(X86Placement placement, PlaceLinux(facts, inputs, image, handover.size(), PurgatoryMemSize()));
  return PlacedParts{std::move(image), std::move(placement), std::move(handover)};
}

Result<std::unique_ptr<PlacedBoot>> PlaceNormalLinux(const X86Facts& facts, const BootInputs& inputs,
                                                     Diagnostics& diagnostics) {
  KEXEC_ASSIGN(LinuxImage image, MakeLinuxImage(facts, inputs, diagnostics));
  KEXEC_ASSIGN(PlacedParts parts, PlaceParts(std::move(image), facts, inputs, diagnostics));
  return std::make_unique<PlacedLinux>(inputs, std::move(parts));
}

// Owns what was made of the caller's inputs.
class PlacedLiveUpdate final : public PlacedBoot {
 public:
  explicit PlacedLiveUpdate(BootInputs inputs) : inputs_(std::move(inputs)) {}

  Result<> Place(const X86Facts& facts, Diagnostics& diagnostics) {
    KEXEC_ASSIGN(placed_, PlaceMultiboot(facts, inputs_, diagnostics));
    return {};
  }
  Result<LoadPlan> Emit() const override { return placed_->Emit(); }

 private:
  const BootInputs inputs_;
  std::unique_ptr<PlacedBoot> placed_;
};

Result<std::unique_ptr<PlacedBoot>> PlaceLiveUpdate(const X86Facts& facts, const BootInputs& inputs,
                                                    Diagnostics& diagnostics) {
  KEXEC_ASSIGN(BootInputs own, LiveUpdateInputs(facts.live_update, inputs));
  auto update = std::make_unique<PlacedLiveUpdate>(std::move(own));
  KEXEC_TRY(update->Place(facts, diagnostics));
  return update;
}

Result<std::unique_ptr<PlacedBoot>> PlacePreserved(const X86Facts& facts, const BootInputs& inputs,
                                                   Diagnostics& diagnostics) {
  if (!BootsAsLinux(inputs.kernel, inputs.elf_handover)) {
    return Fail(Errc::kUnsupported,
                "--load-preserve-context: the kernel must be Linux: no other is told where to jump back to");
  }
  KEXEC_ASSIGN(X86PreservedBoot boot, NarrowToPreserved(facts, inputs));
  KEXEC_ASSIGN(LinuxImage image, MakeLinuxImage(boot.facts, boot.inputs, diagnostics));
  KEXEC_ASSIGN(PlacedParts parts, PlaceParts(std::move(image), boot.facts, boot.inputs, diagnostics));
  return std::make_unique<PlacedPreservedLinux>(std::move(boot), std::move(parts));
}

class X86Machine final : public Machine {
 public:
  X86Machine(X86Facts facts, std::optional<CrashFacts> crash)
      : facts_(std::move(facts)), crash_(std::move(crash)) {}

  std::string_view name() const override { return "x86_64"; }
  uint64_t arch_flag() const override { return kArchX86_64; }
  const MemoryMap& memory() const override { return facts_.memory.handed_over; }
  const std::vector<PhysRange>& crash_regions() const override { return facts_.memory.crash_regions; }

  ImageLimits limits() const override {
    const uint64_t end = (facts_.five_level ? kMaxMemFiveLevels : kMaxMemFourLevels) - 1;
    ImageLimits limits = {.max_segments = facts_.max_segments,
                          .destination = *PhysRange::FromBounds(PhysAddr(0), PhysAddr(end)),
                          .memory = &facts_.memory.placeable,
                          .total_ram_pages = facts_.total_ram_pages};
    // The kernel checks against crashk_res alone; a low part (crashk_low_res) lies below it.
    if (!crash_regions().empty()) limits.crash_regions = {crash_regions().back()};
    return limits;
  }

  Result<std::unique_ptr<PlacedBoot>> Place(const BootInputs& inputs,
                                            Diagnostics& diagnostics) const override {
    KEXEC_TRY(RequirePurgatory(PurgatoryBlob(), name()));
    if (inputs.live_update) return PlaceLiveUpdate(facts_, inputs, diagnostics);
    if (inputs.kind == LoadKind::kCrash) return PlaceCrash(inputs, diagnostics);
    if (inputs.preserve_context) return PlacePreserved(facts_, inputs, diagnostics);
    if (EntersInRealMode(inputs.kernel, inputs.real_mode)) return PlaceRealMode(facts_, inputs, diagnostics);
    if (BootsAsLinux(inputs.kernel, inputs.elf_handover)) {
      return PlaceNormalLinux(facts_, inputs, diagnostics);
    }
    if (inputs.device_tree.tree) {
      return Fail(Errc::kUsage, "'{}' is of type {}: only Linux is handed a device tree; leave out --dtb",
                  inputs.kernel_name, inputs.kernel.type);
    }
    if (std::holds_alternative<MultibootKernel>(inputs.kernel.image)) {
      return PlaceMultiboot(facts_, inputs, diagnostics);
    }
    return PlaceElf(facts_, inputs, diagnostics);
  }

  Result<LoadPlan> PlanJumpBack(const JumpBack& back) const override {
    KEXEC_TRY(RequirePurgatory(PurgatoryBlob(), name()));
    return PlanX86JumpBack(facts_, back);
  }

 private:
  Result<std::unique_ptr<PlacedBoot>> PlaceCrash(const BootInputs& inputs, Diagnostics& diagnostics) const {
    if (!crash_) return Fail(Errc::kUsage, "this machine was not read for a crash kernel");
    if (!BootsAsLinux(inputs.kernel, inputs.elf_handover)) {
      return Fail(Errc::kUnsupported, "a crash kernel must be Linux: no other finds the dump it is to save");
    }
    if (EntersInRealMode(inputs.kernel, inputs.real_mode)) {
      return Fail(Errc::kUnsupported,
                  "{}; a crash kernel must lie in its reserved region, and real-mode code lies below 1 MiB",
                  WhyRealMode(inputs.kernel));
    }
    KEXEC_ASSIGN(LinuxImage image, MakeLinuxImage(facts_, inputs, diagnostics));
    KEXEC_ASSIGN(X86CrashBoot boot, PlaceCrashExtras(facts_, *crash_, inputs, image, diagnostics));
    KEXEC_ASSIGN(PlacedParts parts, PlaceParts(std::move(image), boot.facts, boot.inputs, diagnostics));
    return std::make_unique<PlacedCrashLinux>(std::move(boot), std::move(parts));
  }

  X86Facts facts_;
  std::optional<CrashFacts> crash_;  // if it was read for a crash kernel
};

}  // namespace

Result<std::unique_ptr<Machine>> ReadX86Machine(const SystemRoot& root, LoadKind kind,
                                                Diagnostics& diagnostics) {
  const Result<IomemReport> iomem = ReadIomem(root);
  KEXEC_ASSIGN(X86Facts facts, ReadX86Facts(root, iomem, diagnostics));
  std::optional<CrashFacts> crash;
  if (kind == LoadKind::kCrash) {
    if (!iomem) return std::unexpected(iomem.error());
    KEXEC_ASSIGN(crash, ReadCrashFacts(root, *iomem, ReadX86KernelMapping, diagnostics));
  }
  return std::make_unique<X86Machine>(std::move(facts), std::move(crash));
}

}  // namespace kexec
