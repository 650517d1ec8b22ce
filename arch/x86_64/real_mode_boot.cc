// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/real_mode_boot.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "arch/initrds.h"
#include "arch/page_pieces.h"
#include "arch/x86_64/bios_services.h"
#include "arch/x86_64/finish_plan.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/real_mode_layout.h"
#include "arch/x86_64/real_mode_setup.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint64_t kParagraph = 16;
// boot.rst, "Running the Kernel": the entry point is at segment offset 0x20.
constexpr uint64_t kEntryOffset = 0x200;

// The one with real-mode code; null: this kernel has none.
const BzImage* BzImageOf(const KernelImage& kernel) {
  const auto* direct = std::get_if<DirectLinux>(&kernel.image);
  return direct != nullptr ? &direct->packed : std::get_if<BzImage>(&kernel.image);
}

class PlacedRealMode final : public PlacedBoot {
 public:
  PlacedRealMode(const BootInputs& inputs, const BzImage& image, LinuxImage linux,
                 RealModePlacement placement)
      : inputs_(inputs), image_(image), linux_(std::move(linux)), placement_(std::move(placement)) {}

  Result<LoadPlan> Emit() const override {
    const PhysAddr setup = placement_.setup.begin();
    std::vector<Segment> segments = KernelSegments(linux_.pieces, placement_.kernel.begin(), kPage);
    std::ranges::move(InitrdSegments(inputs_.initrds, placement_.initrds), std::back_inserter(segments));
    segments.push_back({"real-mode code", placement_.setup,
                        SharedBytes::Own(WriteRealModeSetup(image_, inputs_.command_line, Addresses()))});
    X86Jump jump;
    jump.entry = PhysAddr(setup.raw() + kEntryOffset);
    jump.real_mode = {.data_segment = static_cast<uint16_t>(setup.raw() / kParagraph),
                      .stack_pointer = placement_.heap_end};
    return FinishPlan(inputs_, std::move(segments), placement_.purgatory, jump);
  }

 private:
  RealModeAddresses Addresses() const {
    RealModeAddresses addresses;
    addresses.setup = placement_.setup.begin();
    addresses.heap_end = placement_.heap_end;
    addresses.kernel = placement_.kernel.begin();
    if (placement_.initrds.empty()) return addresses;
    const PhysRange initrd = InitrdExtent(inputs_.initrds, placement_.initrds);
    addresses.initrd = initrd.begin();
    addresses.initrd_size = initrd.size();
    return addresses;
  }

  const BootInputs& inputs_;
  const BzImage& image_;
  LinuxImage linux_;
  RealModePlacement placement_;
};

}  // namespace

Result<std::unique_ptr<PlacedBoot>> PlaceRealMode(const X86Facts& facts, const BootInputs& inputs,
                                                  Diagnostics& diagnostics) {
  const BzImage* image = BzImageOf(inputs.kernel);
  if (image == nullptr) {
    return Fail(Errc::kUsage, "--real-mode is for a bzImage or zImage, and this kernel is of type '{}'",
                inputs.kernel.type);
  }
  if (inputs.device_tree.tree) {
    return Fail(Errc::kUsage,
                "{}; real-mode code asks the BIOS and is handed no device tree: leave out --dtb",
                WhyRealMode(inputs.kernel));
  }
  KEXEC_TRY(CheckBios(facts, WhyRealMode(inputs.kernel), diagnostics));
  KEXEC_ASSIGN(LinuxImage linux, MakeLinuxImage(facts, inputs, diagnostics));
  KEXEC_ASSIGN(RealModePlacement placement,
               PlaceRealModeParts(facts, inputs, *image, linux, PurgatoryMemSize()));
  diagnostics.Note("real mode: entered at {:04x}:0000, stack {:04x}:{:04x}",
                   (placement.setup.begin().raw() + kEntryOffset) / kParagraph,
                   placement.setup.begin().raw() / kParagraph, placement.heap_end);
  return std::make_unique<PlacedRealMode>(inputs, *image, std::move(linux), std::move(placement));
}

}  // namespace kexec
