// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_layout.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

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
// boot.rst, initrd_addr_max before protocol 2.03; also where the directly mapped memory of an i386 kernel
// ends.
constexpr uint64_t kLowMemoryEnd = 0x38000000;
// boot.rst, 32-bit protocol: where a kernel that cannot be moved is loaded unless it says otherwise.
constexpr uint64_t kDefaultBase = kMiB;
// Before protocol 2.02 the command line is found relative to this real-mode segment.
constexpr uint16_t kProtocolCommandLinePtr = 0x0202;
constexpr uint64_t kOldRealModeBase = 0x90000;
// Besides the initrds: kernel, boot_params, purgatory, and for a crash kernel elfcorehdr and backup.
constexpr size_t kOtherSegments = 3;
constexpr size_t kOtherCrashSegments = 5;

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

Result<PageRange> PlaceFixedKernel(const BzImage& image, const PhysRange& window, Layout& layout) {
  const uint64_t base = image.pref_address.raw() != 0 ? image.pref_address.raw() : kDefaultBase;
  const auto range = PhysRange::FromSize(PhysAddr(base), image.init_size);
  if (!range || !window.Contains(*range)) {
    return Fail(Errc::kDoesNotFit,
                "the kernel is not relocatable: its {:#x} bytes must be at {:#x}, outside {}",
                image.init_size, base, ToString(window));
  }
  return layout.ReserveAt("kernel", *range);
}

Result<PageRange> PlaceKernel(const BzImage& image, EntryMode mode, const PhysRange& anywhere,
                              Layout& layout) {
  if (!image.relocatable) return PlaceFixedKernel(image, anywhere, layout);
  // The decompressor moves itself up to pref_address if it is loaded lower.
  const uint64_t begin = std::max(kLowest, image.pref_address.raw());
  // A 32-bit kernel must be in directly mapped memory, whose end depends on its configuration: as low as
  // possible.
  const bool i386 = !image.has_64bit_entry;
  KEXEC_ASSIGN(const PhysRange window, Clip(anywhere, begin, i386 ? kLowMemoryEnd : UINT64_MAX, "kernel"));
  return layout.Reserve({.label = "kernel",
                         .size = image.init_size,
                         .align = std::max(image.alignment.value_or(kPage), kPage),
                         .window = window,
                         .search = mode == EntryMode::k32 ? Search::kBottomUp : Search::kTopDown});
}

// Whether what boot_params point to may lie above 4 GiB: their upper halves are only read by the 64-bit
// entry.
bool ReachesHigh(const BzImage& image, EntryMode mode) {
  return mode == EntryMode::k64 && image.can_load_above_4g;
}

Result<PhysRange> InitrdWindow(const BzImage& image, EntryMode mode, const PhysRange& window) {
  if (ReachesHigh(image, mode)) return Clip(window, kInitrdLowest, UINT64_MAX, "initrd");
  const uint64_t last = image.initrd_addr_max.raw();
  return Clip(window, kInitrdLowest, last == 0 ? kLowMemoryEnd : std::min(last, k4GiB - 1) + 1, "initrd");
}

// Initrds are one archive to the kernel, in several pieces to kexec_load: each begins on a page, and the
// kernel's unpacker skips the zeros between (init/initramfs.c). One reservation keeps them together.
Result<std::vector<PageRange>> PlaceInitrds(const BootInputs& inputs, EntryMode mode, Layout& layout) {
  const std::vector<SharedBytes>& initrds = inputs.initrds;
  std::vector<PageRange> placed;
  if (initrds.empty()) return placed;
  KEXEC_ASSIGN(const PhysRange window,
               InitrdWindow(std::get<BzImage>(inputs.kernel.image), mode, inputs.window));
  uint64_t total = 0;
  for (size_t i = 0; i < initrds.size(); ++i) {
    if (initrds[i].empty()) return Fail(Errc::kMalformed, "initrd {} of {} is empty", i + 1, initrds.size());
    const auto size = kPage.Up(initrds[i].size());
    if (!size || __builtin_add_overflow(total, *size, &total)) {
      return Fail(Errc::kDoesNotFit, "the initrds together exceed the address space");
    }
  }
  KEXEC_ASSIGN(
      const PageRange all,
      layout.Reserve(
          {.label = "initrd", .size = total, .align = kPage, .window = window, .search = Search::kTopDown}));
  PhysAddr next = all.begin();
  for (const SharedBytes& initrd : initrds) {
    placed.push_back(*PageRange::Enclosing(*PhysRange::FromSize(next, initrd.size()), kPage));
    next = placed.back().end();
  }
  return placed;
}

Result<PageRange> PlaceHandover(const BzImage& image, size_t size, const PhysRange& anywhere,
                                Layout& layout) {
  if (image.protocol < kProtocolCommandLinePtr) {
    // Below 1 MiB, and so outside every window: this kernel knows no other place.
    return layout.ReserveAt("boot_params", *PhysRange::FromSize(PhysAddr(kOldRealModeBase), size));
  }
  return layout.Reserve(
      {.label = "boot_params", .size = size, .align = kPage, .window = anywhere, .search = Search::kTopDown});
}

Result<> CheckInputs(const BzImage& image, const BootInputs& inputs) {
  if (inputs.command_line.size() > image.command_line_max) {
    return Fail(Errc::kDoesNotFit, "the command line has {} bytes, this kernel takes at most {}; shorten it",
                inputs.command_line.size(), image.command_line_max);
  }
  const size_t most = kMaxSegments - (inputs.kind == LoadKind::kCrash ? kOtherCrashSegments : kOtherSegments);
  if (inputs.initrds.size() > most) {
    return Fail(Errc::kDoesNotFit, "{} initrds: kexec_load takes at most {}; concatenate some of them",
                inputs.initrds.size(), most);
  }
  return {};
}

}  // namespace

Result<EntryMode> ChooseEntry(const BzImage& image, const X86Facts& facts, Diagnostics& diagnostics) {
  if (image.protocol < 0x0200) {
    return Fail(Errc::kUnsupported, "the kernel is older than boot protocol 2.00 (Linux 1.3.73)");
  }
  if (!image.loaded_high) {
    return Fail(Errc::kUnsupported,
                "the kernel is a zImage (LOADED_HIGH is not set): only its real-mode code can start it");
  }
  if (!image.has_64bit_entry) return EntryMode::k32;
  if (!facts.five_level || image.five_level) return EntryMode::k64;
  diagnostics.Note(
      "32-bit entry: the running kernel uses five-level paging, which the new one cannot be entered with");
  return EntryMode::k32;
}

Result<X86Placement> PlaceBzImage(const X86Facts& facts, const BootInputs& inputs, EntryMode mode,
                                  size_t handover_size, size_t purgatory_size) {
  const BzImage& image = std::get<BzImage>(inputs.kernel.image);
  KEXEC_TRY(CheckInputs(image, inputs));
  const uint64_t end = ReachesHigh(image, mode) ? UINT64_MAX : k4GiB;
  KEXEC_ASSIGN(const PhysRange anywhere, Clip(inputs.window, kLowest, end, "kernel"));
  Layout layout(facts.memory.placeable, kPage);
  // Runtime services code and data, and boot services memory the running kernel has kept for its contents.
  if (facts.efi) {
    for (const PhysRange& range : RuntimeRanges(*facts.efi)) layout.Exclude(range);
  }
  KEXEC_ASSIGN(const PageRange kernel, PlaceKernel(image, mode, anywhere, layout));
  KEXEC_ASSIGN(std::vector<PageRange> initrds, PlaceInitrds(inputs, mode, layout));
  KEXEC_ASSIGN(const PageRange handover, PlaceHandover(image, handover_size, anywhere, layout));
  KEXEC_ASSIGN(const PageRange purgatory, layout.Reserve({.label = "purgatory",
                                                          .size = purgatory_size,
                                                          .align = kPage,
                                                          .window = anywhere,
                                                          .search = Search::kTopDown}));
  std::vector<Reservation> reserved = {
      {"kernel", kernel}, {"boot_params", handover}, {"purgatory", purgatory}};
  for (const PageRange& initrd : initrds) reserved.push_back({"initrd", initrd});
  KEXEC_TRY(CheckHalfOfRam(reserved, kPage, facts.total_ram_pages));
  return X86Placement{mode, kernel, std::move(initrds), handover, purgatory};
}

}  // namespace kexec
