// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/multiboot_boot.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/page_pieces.h"
#include "arch/x86_64/bios_data.h"
#include "arch/x86_64/finish_plan.h"
#include "arch/x86_64/multiboot_info.h"
#include "arch/x86_64/multiboot_layout.h"
#include "arch/x86_64/purgatory/blob.h"
#include "loaders/multiboot/multiboot.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();

// The modules of a group, each from a page boundary.
Segment ModuleSegment(const BootInputs& inputs, const MultibootPlacement& placement,
                      const MultibootModuleGroup& group) {
  std::string label = fmt::format("module {}", group.first + 1);
  if (group.count == 1) return {std::move(label), group.pages, inputs.modules[group.first].contents};
  std::vector<std::byte> bytes;
  for (size_t i = group.first; i < group.first + group.count; ++i) {
    bytes.resize(placement.modules[i].begin().raw() - group.pages.begin().raw());
    const Bytes contents = inputs.modules[i].contents.view();
    bytes.insert(bytes.end(), contents.begin(), contents.end());
  }
  label = fmt::format("modules {} to {}", group.first + 1, group.first + group.count);
  return {std::move(label), group.pages, SharedBytes::Own(std::move(bytes))};
}

class PlacedMultiboot final : public PlacedBoot {
 public:
  PlacedMultiboot(const BootInputs& inputs, std::optional<BiosData> bios_data,
                  MultibootInformation information, MultibootPlacement placement)
      : inputs_(inputs),
        bios_data_(std::move(bios_data)),
        information_(std::move(information)),
        placement_(std::move(placement)) {}

  Result<LoadPlan> Emit() const override {
    std::vector<Segment> segments = KernelSegments(placement_.kernel, PhysAddr(0), kPage);
    for (const MultibootModuleGroup& group : placement_.groups) {
      segments.push_back(ModuleSegment(inputs_, placement_, group));
    }
    const bool second = std::get<MultibootKernel>(inputs_.kernel.image).version == 2;
    const MultibootPlaces places = {.information = placement_.information.begin(),
                                    .modules = placement_.modules,
                                    .load_base = placement_.load_base};
    segments.push_back({"multiboot information", placement_.information,
                        SharedBytes::Own(second ? WriteMultiboot2(information_, places)
                                                : WriteMultiboot1(information_, places))});
    X86Jump jump;
    jump.entry = placement_.entry;
    jump.registers.rax = second ? kMultiboot2Loaded : kMultiboot1Loaded;
    jump.registers.rbx = placement_.information.begin().raw();
    if (!bios_data_) return FinishPlan(inputs_, std::move(segments), placement_.purgatory, jump);
    segments.push_back({"BIOS data", bios_data_->page, SharedBytes::Own(bios_data_->contents)});
    // Purgatory's copy is there for a crash kernel's low memory, and serves here in the other direction.
    const PageRange zero = *PageRange::Exactly(*PhysRange::FromSize(PhysAddr(0), kPage.bytes()), kPage);
    const X86CrashExtras copy = {
        .core_headers = zero, .core_header_bytes = {}, .backup = LowMemoryBackup{bios_data_->source, zero}};
    return FinishPlan(inputs_, std::move(segments), placement_.purgatory, jump, &copy);
  }

 private:
  const BootInputs& inputs_;
  std::optional<BiosData> bios_data_;
  MultibootInformation information_;
  MultibootPlacement placement_;
};

// How long the information will be: where things are does not matter for that.
size_t InformationSize(const MultibootKernel& kernel, const MultibootInformation& information) {
  const PhysRange any = *PhysRange::FromSize(PhysAddr(0), 1);
  MultibootPlaces places = {
      .information = PhysAddr(0), .modules = std::vector(information.modules.size(), any), .load_base = {}};
  if (kernel.relocation) places.load_base = PhysAddr(0);
  return (kernel.version == 2 ? WriteMultiboot2(information, places) : WriteMultiboot1(information, places))
      .size();
}

}  // namespace

Result<std::unique_ptr<PlacedBoot>> PlaceMultiboot(const X86Facts& facts, const BootInputs& inputs,
                                                   Diagnostics& diagnostics) {
  if (!inputs.initrds.empty()) {
    return Fail(Errc::kUsage, "a multiboot kernel takes --module=\"FILE ARGS\", not --initrd");
  }
  std::vector<std::byte> root_pointer = FindAcpiRootPointer(facts, diagnostics);
  std::optional<BiosData> bios_data = MakeBiosData(facts, root_pointer);
  if (inputs.live_update) bios_data.reset();  // the first MiB is the running Xen's
  X86Facts left = facts;
  if (bios_data) {
    diagnostics.Note("the firmware left no BIOS data area: the kernel gets one, with its extension at {:#x}",
                     bios_data->page.begin().raw());
    left.memory.handed_over = WithReserved(facts.memory.handed_over, bios_data->page);
    left.memory.placeable = WithReserved(facts.memory.placeable, bios_data->page);
  }
  KEXEC_ASSIGN(MultibootInformation information,
               GatherMultibootInformation(left, inputs, std::move(root_pointer), diagnostics));
  const auto& kernel = std::get<MultibootKernel>(inputs.kernel.image);
  KEXEC_ASSIGN(MultibootPlacement placement,
               PlaceMultibootParts(left, inputs, InformationSize(kernel, information), PurgatoryMemSize(),
                                   diagnostics));
  return std::make_unique<PlacedMultiboot>(inputs, std::move(bios_data), std::move(information),
                                           std::move(placement));
}

}  // namespace kexec
