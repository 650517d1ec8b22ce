// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/real_mode_layout.h"

#include <utility>

#include "arch/initrds.h"
#include "arch/x86_64/x86_layout.h"
#include "kexec/layout.h"
#include "kexec/validate.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t k4GiB = uint64_t{1} << 32;
// Where the video memory begins.
constexpr uint64_t kLowMemoryEnd = 0xa0000;
// boot.rst, "Sample Boot Configuration": offsets in the real-mode segment.
constexpr uint64_t kSetupMax = 0x8000;
constexpr uint16_t kHeapEnd = 0xe000;
constexpr uint64_t kSegmentSize = 0x10000;
// The same for a zImage and before protocol 2.02, whose segment is fixed ("avoid using memory above
// 0x9a000").
constexpr uint64_t kFixedSetup = 0x90000;
constexpr uint16_t kFixedHeapEnd = 0x9800;
constexpr uint64_t kFixedSegmentSize = 0xa000;
constexpr uint16_t kProtocolRelocatableSetup = 0x0202;
// The lowest address of a bzImage's real-mode code.
constexpr uint64_t kLowestSetup = 0x10000;

bool HasFixedSetup(const BzImage& image) {
  return !image.loaded_high || image.protocol < kProtocolRelocatableSetup;
}

Result<> CheckSizes(const BootInputs& inputs, const BzImage& image) {
  if (image.setup.size() > kSetupMax) {
    return Fail(Errc::kDoesNotFit, "the kernel's real-mode code has {:#x} bytes, boot.rst allows {:#x}",
                image.setup.size(), kSetupMax);
  }
  const uint64_t room = HasFixedSetup(image) ? kFixedSegmentSize - kFixedHeapEnd : kSegmentSize - kHeapEnd;
  if (inputs.command_line.size() >= room) {
    return Fail(Errc::kDoesNotFit,
                "the command line has {} bytes, behind real-mode code is room for {}; shorten it",
                inputs.command_line.size(), room - 1);
  }
  if (image.loaded_high || image.kernel.size() <= kFixedSetup - image.pref_address.raw()) return {};
  return Fail(Errc::kDoesNotFit,
              "the zImage's {:#x} bytes from {:#x} on reach into its real-mode code at {:#x}",
              image.kernel.size(), image.pref_address.raw(), kFixedSetup);
}

Result<PageRange> PlaceSetup(const BzImage& image, Layout& layout) {
  constexpr std::string_view kLabel = "real-mode code";
  if (HasFixedSetup(image)) {
    return layout.ReserveAt(std::string(kLabel),
                            *PhysRange::FromSize(PhysAddr(kFixedSetup), kFixedSegmentSize));
  }
  return layout.Reserve({.label = std::string(kLabel),
                         .size = kSegmentSize,
                         .align = kPage,
                         .window = *PhysRange::FromBounds(PhysAddr(kLowestSetup), PhysAddr(kLowMemoryEnd)),
                         .search = Search::kBottomUp});
}

Result<PageRange> PlaceProtectedMode(const BootInputs& inputs, const LinuxImage& linux, bool loaded_high,
                                     Layout& layout) {
  if (!loaded_high) return layout.ReserveAt("kernel", *PhysRange::FromSize(linux.linked_at, linux.size));
  const auto high = PhysRange::FromBounds(PhysAddr(kMiB), PhysAddr(k4GiB));
  const auto anywhere = high->Intersect(inputs.window);
  if (!anywhere) {
    return Fail(Errc::kDoesNotFit, "'kernel' must lie in {}, of which --mem-min and --mem-max leave nothing",
                ToString(*high));
  }
  return PlaceKernel(linux, *anywhere, layout);
}

}  // namespace

Result<RealModePlacement> PlaceRealModeParts(const X86Facts& facts, const BootInputs& inputs,
                                             const BzImage& image, const LinuxImage& linux,
                                             size_t purgatory_size) {
  KEXEC_TRY(CheckInputs(facts, linux, inputs));
  KEXEC_TRY(CheckSizes(inputs, image));
  Layout layout = FreeMemory(facts);
  // The firmware's map calls it RAM, where /proc/iomem is hidden.
  layout.Exclude(*PhysRange::FromSize(PhysAddr(0), kPage.bytes()));
  KEXEC_ASSIGN(const PageRange setup, PlaceSetup(image, layout));
  KEXEC_ASSIGN(const PageRange kernel, PlaceProtectedMode(inputs, linux, image.loaded_high, layout));
  KEXEC_ASSIGN(const PageRange purgatory,
               layout.Reserve({.label = "purgatory",
                               .size = purgatory_size,
                               .align = kPage,
                               .window = *PhysRange::FromBounds(PhysAddr(0), PhysAddr(kLowMemoryEnd)),
                               .search = Search::kBottomUp}));
  std::vector<PageRange> initrds;
  if (!inputs.initrds.empty()) {
    KEXEC_ASSIGN(const PhysRange window, InitrdWindow(linux, inputs.window));
    KEXEC_ASSIGN(initrds, PlaceInitrds(inputs.initrds, window, Search::kTopDown, kPage, layout));
  }
  std::vector<Reservation> reserved = {
      {"real-mode code", setup}, {"kernel", kernel}, {"purgatory", purgatory}};
  for (const PageRange& initrd : initrds) reserved.push_back({"initrd", initrd});
  KEXEC_TRY(CheckHalfOfRam(reserved, kPage, facts.total_ram_pages));
  return RealModePlacement{setup, HasFixedSetup(image) ? kFixedHeapEnd : kHeapEnd, kernel, std::move(initrds),
                           purgatory};
}

}  // namespace kexec
