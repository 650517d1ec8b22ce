// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/dt_boot.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "arch/dt/dt_crash.h"
#include "arch/dt/dt_tree.h"
#include "arch/finish_parts.h"
#include "arch/initrds.h"
#include "arch/page_pieces.h"
#include "kexec/syscalls.h"

namespace kexec {
namespace {

// Besides kernel and initrds: the tree, purgatory and, of a crash kernel, its core headers.
constexpr size_t kOtherSegments = 2;
constexpr size_t kOtherCrashSegments = 3;

struct Parts {
  std::vector<LoadPiece> pieces;  // of the kernel, from page boundaries
  DtPlacement placement;
  PageRange purgatory;
  PageRange tree;
  DeviceTree contents;                // of the tree
  std::vector<std::byte> tree_bytes;  // the same, flat
  std::optional<DtCrashExtras> crash;
};

class PlacedDtLinux final : public PlacedBoot {
 public:
  PlacedDtLinux(const DtMachine& machine, const BootInputs& inputs, Parts parts)
      : machine_(machine), inputs_(inputs), parts_(std::move(parts)) {}

  Result<LoadPlan> Emit() const override {
    const Alignment page = machine_.facts().page;
    const PhysAddr kernel = parts_.placement.kernel.begin();
    std::vector<Segment> segments = KernelSegments(parts_.pieces, kernel, page);
    std::ranges::move(InitrdSegments(inputs_.initrds, parts_.placement.initrds),
                      std::back_inserter(segments));
    segments.push_back({"device tree", parts_.tree, SharedBytes::Own(parts_.tree_bytes)});
    const bool updated = parts_.crash && parts_.crash->kernel_updates_headers;
    if (parts_.crash && !updated) segments.push_back(CoreHeaders());
    SortByAddress(segments);
    KEXEC_ASSIGN(Segment purgatory, machine_.EmitPurgatory({.options = inputs_.purgatory,
                                                            .place = parts_.purgatory,
                                                            .kernel_entry = kernel,
                                                            .tree = parts_.tree.begin(),
                                                            .contents = parts_.contents,
                                                            .segments = segments}));
    segments.push_back(std::move(purgatory));
    if (updated) segments.push_back(CoreHeaders());
    LoadPlan plan = AssemblePlan(inputs_, std::move(segments), machine_.PurgatoryEntry(parts_.purgatory));
    // The flag that every machine but x86 asks for (arch_crash_hotplug_support in
    // arch/powerpc/kexec/crash.c).
    if (updated) plan.flags |= kKexecCrashHotplugSupport;
    return plan;
  }

 private:
  Segment CoreHeaders() const {
    return {"elfcorehdr", parts_.crash->core_headers, SharedBytes::Own(parts_.crash->core_header_bytes)};
  }

  const DtMachine& machine_;
  const BootInputs& inputs_;
  Parts parts_;
};

Result<std::vector<LoadPiece>> KernelPieces(const ImageKernel& image, const BootInputs& inputs,
                                            Alignment page) {
  const size_t others = inputs.kind == LoadKind::kCrash ? kOtherCrashSegments : kOtherSegments;
  if (inputs.initrds.size() + others >= kMaxSegments) {
    return Fail(Errc::kDoesNotFit, "{} initrds: kexec_load takes at most {}; concatenate some of them",
                inputs.initrds.size(), kMaxSegments - others - 1);
  }
  return PagePieces(image.pieces, page, kMaxSegments - others - inputs.initrds.size());
}

// RAM that neither the tree nor a device keeps for somebody else.
Result<Layout> FreeMemory(const DtMachine& machine, const DeviceTree& tree) {
  Layout layout(machine.memory(), machine.facts().page);
  KEXEC_ASSIGN(const std::vector<PhysRange> kept, KeptMemory(tree));
  for (const PhysRange& range : kept) layout.Exclude(range);
  for (const PhysRange& range : machine.BusyMemory()) layout.Exclude(range);
  return layout;
}

std::optional<uint64_t> KaslrSeed(const BootInputs& inputs) {
  if (!inputs.kaslr_seed) return std::nullopt;
  return inputs.kaslr_seed->at(0);
}

// A tree that came through a kexec reserves the same memory already.
Result<> ReserveOnce(const std::vector<PhysRange>& ranges, DeviceTree& tree) {
  std::vector<MemoryRegion> regions;
  for (const PhysRange& range : tree.Reservations()) regions.push_back({range, MemoryType::kReserved});
  const MemoryMap reserved = MemoryMap::FromRegions(std::move(regions));
  for (const PhysRange& range : ranges) {
    const MemoryRegion* region = reserved.Find(range.begin());
    const bool known = region != nullptr && region->range.Contains(range);
    if (!known) KEXEC_TRY(tree.AddReservation(range));
  }
  return {};
}

Result<> FillTree(const DtMachine& machine, const BootInputs& inputs, Parts& parts) {
  KEXEC_TRY(ReserveOnce(machine.BusyMemory(), parts.contents));
  Chosen chosen{.command_line = inputs.command_line,
                .initrd = std::nullopt,
                .rng_seed = inputs.rng_seed,
                .kaslr_seed = KaslrSeed(inputs),
                .core_headers = std::nullopt,
                .usable = {}};
  if (!inputs.initrds.empty()) chosen.initrd = InitrdExtent(inputs.initrds, parts.placement.initrds);
  if (parts.crash) {
    chosen.core_headers = parts.crash->core_headers.range();
    chosen.usable = parts.crash->usable;
  }
  KEXEC_TRY(FillChosen(chosen, parts.contents));
  parts.tree_bytes = parts.contents.Packed();
  return {};
}

Result<> CheckSizes(const DtMachine& machine, const Parts& parts) {
  std::vector<Reservation> reserved = {
      {"kernel", parts.placement.kernel}, {"device tree", parts.tree}, {"purgatory", parts.purgatory}};
  for (const PageRange& initrd : parts.placement.initrds) reserved.push_back({"initrd", initrd});
  return CheckHalfOfRam(reserved, machine.facts().page, machine.facts().total_ram_pages);
}

Result<Parts> PlaceParts(const DtMachine& machine, const ImageKernel& image, const BootInputs& inputs,
                         Diagnostics& diagnostics) {
  const DtFacts& facts = machine.facts();
  const DtRules& rules = machine.architecture().rules;
  const NodeTest added_by_firmware = machine.architecture().added_by_firmware;
  KEXEC_ASSIGN(const size_t purgatory_size, machine.PurgatorySize());
  KEXEC_ASSIGN(std::vector<LoadPiece> pieces, KernelPieces(image, inputs, facts.page));
  KEXEC_ASSIGN(DeviceTree contents, BaseTree(facts, inputs.device_tree, added_by_firmware, diagnostics));
  KEXEC_ASSIGN(Layout layout, FreeMemory(machine, contents));
  PhysRange window = inputs.window;
  std::optional<DtCrashExtras> crash;
  if (inputs.kind == LoadKind::kCrash) {
    KEXEC_ASSIGN(window, CrashWindow(machine, inputs));
    KEXEC_ASSIGN(crash, PlaceDtCrash(machine, inputs, window, layout, diagnostics));
  }
  KEXEC_ASSIGN(DtPlacement placement,
               PlaceDtKernel(image, inputs.initrds, rules, window, facts.page, layout));
  KEXEC_ASSIGN(const PageRange purgatory, layout.Reserve({.label = "purgatory",
                                                          .size = purgatory_size,
                                                          .align = facts.page,
                                                          .window = window,
                                                          .search = Search::kTopDown}));
  Parts parts{.pieces = std::move(pieces),
              .placement = std::move(placement),
              .purgatory = purgatory,
              .tree = purgatory,  // until its size is known
              .contents = std::move(contents),
              .tree_bytes = {},
              .crash = std::move(crash)};
  KEXEC_TRY(FillTree(machine, inputs, parts));
  KEXEC_ASSIGN(parts.tree, PlaceTree(parts.tree_bytes.size(), image, parts.placement.kernel, rules, window,
                                     facts.page, layout));
  KEXEC_TRY(CheckSizes(machine, parts));
  return parts;
}

uint64_t BytesOf(ImagePageSize size) {
  switch (size) {
    case ImagePageSize::kUnspecified:
      break;
    case ImagePageSize::k4K:
      return 4096;
    case ImagePageSize::k16K:
      return 16384;
    case ImagePageSize::k64K:
      return 65536;
  }
  return 0;
}

// What a CPU need not be able to do (booting.rst, "flags"). No program may ask it (ID_AA64MMFR0_EL1 reads as
// zero, cpu-feature-registers.rst), and a kernel that needs it stops without a word.
void NoteCpuNeeds(const ImageKernel& image, Alignment page, Diagnostics& diagnostics) {
  const uint64_t wanted = BytesOf(image.page_size);
  if (image.big_endian) {
    diagnostics.Note("the kernel is big-endian: on a CPU without that byte order it stops at once");
  }
  if (wanted != 0 && wanted != page.bytes()) {
    diagnostics.Note(
        "the kernel has pages of {} KiB, the running one of {} KiB: on a CPU without the former it stops at "
        "once",
        wanted / 1024, page.bytes() / 1024);
  }
}

}  // namespace

Result<std::unique_ptr<PlacedBoot>> PlaceDtBoot(const DtMachine& machine, const BootInputs& inputs,
                                                Diagnostics& diagnostics) {
  const auto* image = std::get_if<ImageKernel>(&inputs.kernel.image);
  if (image == nullptr) {
    return Fail(Errc::kUnsupported, "a kernel of type '{}' cannot be started on {}", inputs.kernel.type,
                machine.name());
  }
  NoteCpuNeeds(*image, machine.facts().page, diagnostics);
  KEXEC_ASSIGN(Parts parts, PlaceParts(machine, *image, inputs, diagnostics));
  return std::make_unique<PlacedDtLinux>(machine, inputs, std::move(parts));
}

}  // namespace kexec
