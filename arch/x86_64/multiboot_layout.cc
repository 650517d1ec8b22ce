// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/multiboot_layout.h"

#include <algorithm>
#include <string>
#include <utility>

#include "arch/page_pieces.h"
#include "arch/x86_64/x86_layout.h"
#include "kexec/layout.h"
#include "kexec/validate.h"
#include "loaders/multiboot/multiboot.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint64_t kLowest = 1 << 20;
constexpr uint64_t k4GiB = uint64_t{1} << 32;
constexpr size_t kOtherSegments = 3;       // information, purgatory, BIOS data
constexpr size_t kModuleSegmentsKept = 8;  // before a kernel in many pieces takes them

Result<PhysRange> Clip(const PhysRange& window, uint64_t begin, uint64_t end, std::string_view what) {
  const auto range = PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end));
  const auto clipped = range ? range->Intersect(window) : std::nullopt;
  if (clipped) return *clipped;
  return Fail(Errc::kDoesNotFit,
              "'{}' must lie in [{:#x}, {:#x}), of which --mem-min and --mem-max leave nothing", what, begin,
              end);
}

struct PlacedKernel {
  std::vector<LoadPiece> pieces;
  uint64_t moved_by = 0;  // added to every address, modulo 2^64
};

// The pieces apart by pages, where they were linked to lie.
Result<PlacedKernel> PlaceLinked(const std::vector<LoadPiece>& pieces, size_t most, const PhysRange& window,
                                 Layout& layout) {
  KEXEC_ASSIGN(std::vector<LoadPiece> apart, PagePieces(pieces, kPage, most));
  const PhysRange extent = ExtentOf(apart);
  if (!window.Contains(extent)) {
    return Fail(Errc::kDoesNotFit, "the kernel must be at {}, outside {}", ToString(extent),
                ToString(window));
  }
  for (const LoadPiece& piece : apart) {
    KEXEC_TRY(layout.ReserveAt("kernel", *PhysRange::FromSize(piece.address, piece.memory_size)));
  }
  return PlacedKernel{std::move(apart)};
}

// The whole extent at one place the relocatable tag allows.
Result<PlacedKernel> PlaceMoved(const MultibootKernel& kernel, size_t most, const PhysRange& window,
                                Layout& layout) {
  const MultibootRelocation& may = *kernel.relocation;
  const uint64_t end = std::min(may.highest.raw(), k4GiB - 1) + 1;
  const uint64_t begin = end > kLowest ? std::max(may.lowest.raw(), kLowest) : may.lowest.raw();
  KEXEC_ASSIGN(const PhysRange allowed, Clip(window, begin, end, "kernel"));
  const PhysRange linked = ExtentOf(kernel.pieces);
  KEXEC_ASSIGN(const PageRange place,
               layout.Reserve({.label = "kernel",
                               .size = linked.size(),
                               .align = std::max(may.alignment, kPage),
                               .window = allowed,
                               .search = may.prefers_high ? Search::kTopDown : Search::kBottomUp}));
  PlacedKernel placed;
  placed.moved_by = place.begin().raw() - linked.begin().raw();
  std::vector<LoadPiece> pieces = kernel.pieces;
  for (LoadPiece& piece : pieces) piece.address = PhysAddr(piece.address.raw() + placed.moved_by);
  KEXEC_ASSIGN(placed.pieces, PagePieces(pieces, kPage, most));
  return placed;
}

// Whether the linked place is one the relocatable tag allows.
bool MayStay(const MultibootKernel& kernel) {
  const PhysRange linked = ExtentOf(kernel.pieces);
  const MultibootRelocation& may = *kernel.relocation;
  return linked.begin() >= may.lowest && linked.end().raw() - 1 <= may.highest.raw() &&
         may.alignment.Divides(linked.begin().raw());
}

// Multiboot 2, 3.1.12: a preference counts even where the linked place is free, as with GRUB.
Result<PlacedKernel> PlaceKernel(const MultibootKernel& kernel, size_t most, const PhysRange& window,
                                 Layout& layout, Diagnostics& diagnostics) {
  if (!kernel.relocation) return PlaceLinked(kernel.pieces, most, window, layout);
  if (!kernel.relocation->prefers_high && !kernel.relocation->prefers_low && MayStay(kernel)) {
    Layout tried = layout;
    auto linked = PlaceLinked(kernel.pieces, most, window, tried);
    if (linked) {
      layout = std::move(tried);
      return linked;
    }
    diagnostics.Note("{}; it is relocatable", linked.error().message());
  }
  return PlaceMoved(kernel, most, window, layout);
}

// Behind the kernel if there is room, otherwise anywhere.
Result<PageRange> ReserveBehind(std::string label, uint64_t size, PhysAddr kernel_end,
                                const PhysRange& window, Layout& layout) {
  Request request = {
      .label = std::move(label), .size = size, .align = kPage, .window = window, .search = Search::kBottomUp};
  if (const auto behind = PhysRange::FromBounds(kernel_end, window.end())) {
    if (const auto inside = behind->Intersect(window)) {
      request.window = *inside;
      auto reserved = layout.Reserve(request);
      if (reserved) return *reserved;
      request.window = window;
    }
  }
  return layout.Reserve(request);
}

Result<> PlaceGroup(const BootInputs& inputs, size_t first, size_t count, PhysAddr kernel_end,
                    const PhysRange& window, Layout& layout, MultibootPlacement& to) {
  uint64_t size = 0;
  for (size_t i = first; i < first + count; ++i) {
    const uint64_t bytes = inputs.modules[i].contents.size();
    if (bytes == 0) return Fail(Errc::kMalformed, "module {} of {} is empty", i + 1, inputs.modules.size());
    const auto pages = kPage.Up(bytes);
    if (!pages || __builtin_add_overflow(size, *pages, &size)) {
      return Fail(Errc::kDoesNotFit, "the modules together exceed the address space");
    }
  }
  const std::string label = count == 1 ? fmt::format("module {}", first + 1)
                                       : fmt::format("modules {} to {}", first + 1, first + count);
  KEXEC_ASSIGN(const PageRange pages, ReserveBehind(label, size, kernel_end, window, layout));
  to.groups.push_back({first, count, pages});
  PhysAddr next = pages.begin();
  for (size_t i = first; i < first + count; ++i) {
    to.modules.push_back(*PhysRange::FromSize(next, inputs.modules[i].contents.size()));
    next = PageRange::Enclosing(to.modules.back(), kPage)->end();
  }
  return {};
}

// A segment each as long as kexec_load takes so many; the rest together in one.
Result<> PlaceModules(const BootInputs& inputs, size_t max_segments, PhysAddr kernel_end,
                      const PhysRange& window, Layout& layout, MultibootPlacement& to) {
  const size_t modules = inputs.modules.size();
  if (modules == 0) return {};
  const size_t segments = std::min(modules, max_segments - kOtherSegments - to.kernel.size());
  for (size_t i = 0; i + 1 < segments; ++i) {
    KEXEC_TRY(PlaceGroup(inputs, i, 1, kernel_end, window, layout, to));
  }
  return PlaceGroup(inputs, segments - 1, modules - (segments - 1), kernel_end, window, layout, to);
}

}  // namespace

Result<MultibootPlacement> PlaceMultibootParts(const X86Facts& facts, const BootInputs& inputs,
                                               size_t information_size, size_t purgatory_size,
                                               Diagnostics& diagnostics) {
  const auto& kernel = std::get<MultibootKernel>(inputs.kernel.image);
  Layout layout = FreeMemory(facts);
  const size_t most =
      facts.max_segments - kOtherSegments - std::min(inputs.modules.size(), kModuleSegmentsKept);
  KEXEC_ASSIGN(PlacedKernel placed, PlaceKernel(kernel, most, inputs.window, layout, diagnostics));
  KEXEC_ASSIGN(const PhysRange window,
               Clip(inputs.companion_window.value_or(inputs.window), kLowest, k4GiB, "modules"));
  const PhysRange extent = ExtentOf(placed.pieces);
  // Above a kernel that went to the top there is no room worth having.
  const bool at_top = kernel.relocation && kernel.relocation->prefers_high;
  const PhysAddr behind = at_top ? window.begin() : extent.end();

  MultibootPlacement to{.kernel = std::move(placed.pieces),
                        .entry = PhysAddr(kernel.entry.raw() + placed.moved_by),
                        .load_base = {},
                        .modules = {},
                        .groups = {},
                        .information = *PageRange::Enclosing(extent, kPage),
                        .purgatory = *PageRange::Enclosing(extent, kPage)};
  if (kernel.relocation) to.load_base = PhysAddr(ExtentOf(kernel.pieces).begin().raw() + placed.moved_by);
  KEXEC_TRY(PlaceModules(inputs, facts.max_segments, behind, window, layout, to));
  KEXEC_ASSIGN(to.information,
               ReserveBehind("multiboot information", information_size, behind, window, layout));
  KEXEC_ASSIGN(to.purgatory, layout.Reserve({.label = "purgatory",
                                             .size = purgatory_size,
                                             .align = kPage,
                                             .window = window,
                                             .search = Search::kTopDown}));
  return to;
}

}  // namespace kexec
