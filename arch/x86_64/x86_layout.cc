// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_layout.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "arch/initrds.h"
#include "kexec/layout.h"
#include "kexec/validate.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t k4GiB = uint64_t{1} << 32;
constexpr uint64_t kLowest = kMiB;
// Leaves the memory of ISA DMA free, as boot loaders do; where a 64-bit kernel's pref_address is, too.
constexpr uint64_t kInitrdLowest = 16 * kMiB;
// A kernel that may lie anywhere leaves as much free below it as one that is linked for LOAD_PHYSICAL_ADDR.
constexpr uint64_t kMovedLowest = 16 * kMiB;
// boot.rst, initrd_addr_max before protocol 2.03; also where the directly mapped memory of an i386 kernel
// ends.
constexpr uint64_t kLowMemoryEnd = 0x38000000;
// Before protocol 2.02 the command line is found relative to this real-mode segment.
constexpr uint16_t kProtocolCommandLinePtr = 0x0202;
constexpr uint64_t kOldRealModeBase = 0x90000;
// Besides kernel and initrds: boot_params, purgatory, and for a crash kernel elfcorehdr and backup.
constexpr size_t kOtherSegments = 2;
constexpr size_t kOtherCrashSegments = 4;

Result<PhysRange> Clip(const PhysRange& window, uint64_t begin, uint64_t end, std::string_view what) {
  const auto range = PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end));
  if (!range) {
    return Fail(Errc::kDoesNotFit, "'{}' would have to lie above {:#x} and below {:#x}", what, begin, end);
  }
  const auto clipped = range->Intersect(window);
  if (!clipped) {
    return Fail(Errc::kDoesNotFit,
                "'{}' must lie in [{:#x}, {:#x}), of which --mem-min and --mem-max leave nothing", what,
                begin, end);
  }
  return *clipped;
}

Result<PageRange> PlaceLinkedKernel(const LinuxImage& image, const PhysRange& window, Layout& layout) {
  const auto range = PhysRange::FromSize(image.linked_at, image.size);
  if (!range || !window.Contains(*range)) {
    return Fail(Errc::kDoesNotFit,
                "the kernel is not relocatable: its {:#x} bytes must be at {:#x}, outside {}", image.size,
                image.linked_at.raw(), ToString(window));
  }
  return layout.ReserveAt("kernel", *range);
}

// One of the places left, each as likely as any other.
Result<PageRange> PlaceRandomKernel(const LinuxImage& image, const PhysRange& window, Layout& layout) {
  const std::vector<PhysRange> free = layout.Free();
  const auto slot = DrawSlot(free, window, image.size, image.alignment, image.random_slot);
  if (!slot) {
    return Fail(Errc::kDoesNotFit, "no {:#x} bytes of free memory in {} begin at a multiple of {:#x}",
                image.size, ToString(window), image.alignment.bytes());
  }
  return layout.ReserveAt("kernel", *PhysRange::FromSize(*slot, image.size));
}

Result<PageRange> PlaceHandover(const LinuxImage& image, size_t size, const PhysRange& anywhere,
                                Layout& layout) {
  if (image.protocol < kProtocolCommandLinePtr) {
    // Below 1 MiB, and so outside every window: this kernel knows no other place.
    return layout.ReserveAt("boot_params", *PhysRange::FromSize(PhysAddr(kOldRealModeBase), size));
  }
  return layout.Reserve(
      {.label = "boot_params", .size = size, .align = kPage, .window = anywhere, .search = Search::kTopDown});
}

}  // namespace

Result<PageRange> PlaceKernel(const LinuxImage& image, const PhysRange& anywhere, Layout& layout) {
  if (image.base == KernelBase::kLinked) return PlaceLinkedKernel(image, anywhere, layout);
  if (image.base == KernelBase::kLinkedOrOther) {
    Result<PageRange> linked = PlaceLinkedKernel(image, anywhere, layout);
    if (linked.has_value()) return linked;
  }
  const bool from_linked = image.base == KernelBase::kFromLinked;
  const uint64_t begin = std::max(kLowest, from_linked ? image.linked_at.raw() : kMovedLowest);
  KEXEC_ASSIGN(const PhysRange window,
               Clip(anywhere, begin, image.i386 ? kLowMemoryEnd : UINT64_MAX, "kernel"));
  if (image.base == KernelBase::kRandom) return PlaceRandomKernel(image, window, layout);
  // A 32-bit kernel as low as possible: its decompressor may need memory near the base as well.
  return layout.Reserve({.label = "kernel",
                         .size = image.size,
                         .align = std::max(image.alignment, kPage),
                         .window = window,
                         .search = image.mode == EntryMode::k64 ? Search::kTopDown : Search::kBottomUp});
}

Result<PhysRange> InitrdWindow(const LinuxImage& image, const PhysRange& window) {
  if (image.reaches_high) return Clip(window, kInitrdLowest, UINT64_MAX, "initrd");
  const uint64_t last = image.initrd_addr_max.raw();
  return Clip(window, kInitrdLowest, last == 0 ? kLowMemoryEnd : std::min(last, k4GiB - 1) + 1, "initrd");
}

Result<> CheckInputs(const X86Facts& facts, const LinuxImage& image, const BootInputs& inputs) {
  if (inputs.command_line.size() > image.command_line_max) {
    return Fail(Errc::kDoesNotFit, "the command line has {} bytes, this kernel takes at most {}; shorten it",
                inputs.command_line.size(), image.command_line_max);
  }
  const size_t others = inputs.kind == LoadKind::kCrash ? kOtherCrashSegments : kOtherSegments;
  const size_t most = facts.max_segments - others - image.pieces.size();
  if (inputs.initrds.size() > most) {
    return Fail(Errc::kDoesNotFit, "{} initrds: kexec_load takes at most {}; concatenate some of them",
                inputs.initrds.size(), most);
  }
  return {};
}

Layout FreeMemory(const X86Facts& facts) {
  Layout layout(facts.memory.placeable, kPage);
  // Runtime services code and data, and boot services memory the running kernel has kept for its contents.
  if (facts.efi) {
    for (const PhysRange& range : RuntimeRanges(*facts.efi)) layout.Exclude(range);
  }
  return layout;
}

std::optional<PhysAddr> DrawSlot(std::span<const PhysRange> free, const PhysRange& window, uint64_t size,
                                 Alignment alignment, uint64_t random) {
  struct Piece {
    uint64_t first;  // slot's address
    uint64_t slots;
  };
  std::vector<Piece> pieces;
  uint64_t slots = 0;
  for (const PhysRange& range : free) {
    const auto part = range.Intersect(window);
    const auto first = part ? alignment.Up(part->begin().raw()) : std::nullopt;
    if (!first || *first > part->end().raw() || part->end().raw() - *first < size) continue;
    pieces.push_back({*first, (part->end().raw() - *first - size) / alignment.bytes() + 1});
    slots += pieces.back().slots;
  }
  if (slots == 0) return std::nullopt;
  uint64_t chosen = random % slots;
  for (const Piece& piece : pieces) {
    if (chosen < piece.slots) return PhysAddr(piece.first + chosen * alignment.bytes());
    chosen -= piece.slots;
  }
  return std::nullopt;
}

Result<X86Placement> PlaceLinux(const X86Facts& facts, const BootInputs& inputs, const LinuxImage& image,
                                size_t handover_size, size_t purgatory_size) {
  KEXEC_TRY(CheckInputs(facts, image, inputs));
  const uint64_t end = image.reaches_high ? UINT64_MAX : k4GiB;
  KEXEC_ASSIGN(const PhysRange anywhere, Clip(inputs.window, kLowest, end, "kernel"));
  Layout layout = FreeMemory(facts);
  const bool kernel_last = image.base == KernelBase::kRandom;
  std::optional<PageRange> kernel;
  if (!kernel_last) {
    KEXEC_ASSIGN(kernel, PlaceKernel(image, anywhere, layout));
  }
  std::vector<PageRange> initrds;
  if (!inputs.initrds.empty()) {
    KEXEC_ASSIGN(const PhysRange window, InitrdWindow(image, inputs.window));
    KEXEC_ASSIGN(initrds, PlaceInitrds(inputs.initrds, window, Search::kTopDown, kPage, layout));
  }
  KEXEC_ASSIGN(const PageRange handover, PlaceHandover(image, handover_size, anywhere, layout));
  KEXEC_ASSIGN(const PageRange purgatory, layout.Reserve({.label = "purgatory",
                                                          .size = purgatory_size,
                                                          .align = kPage,
                                                          .window = anywhere,
                                                          .search = Search::kTopDown}));
  if (kernel_last) {
    KEXEC_ASSIGN(kernel, PlaceKernel(image, anywhere, layout));
  }
  std::vector<Reservation> reserved = {
      {"kernel", *kernel}, {"boot_params", handover}, {"purgatory", purgatory}};
  for (const PageRange& initrd : initrds) reserved.push_back({"initrd", initrd});
  KEXEC_TRY(CheckHalfOfRam(reserved, kPage, facts.total_ram_pages));
  return X86Placement{*kernel, std::move(initrds), handover, purgatory};
}

}  // namespace kexec
