// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/dt_layout.h"

#include <algorithm>
#include <utility>

#include "arch/initrds.h"

namespace kexec {
namespace {

// Both booting documents of the kernel: Documentation/arch/arm64/booting.rst, "Call the kernel image", and
// Documentation/arch/riscv/boot.rst, "Kernel location".
constexpr Alignment kKernelAlign = Alignment::Of<uint64_t{2} << 20>();
constexpr Alignment kInitrdWindowAlign = Alignment::Of<uint64_t{1} << 30>();

Result<PageRange> PlaceKernel(const ImageKernel& image, const PhysRange& window, Alignment page,
                              Layout& layout) {
  if (!page.Divides(image.text_offset)) {
    return Fail(
        Errc::kUnsupported,
        "this kernel must lie {:#x} bytes above a 2 MiB boundary, which is inside a page of the running "
        "kernel ({:#x} bytes); load it from a kernel with smaller pages",
        image.text_offset, page.bytes());
  }
  uint64_t size = 0;
  if (__builtin_add_overflow(image.image_size, image.text_offset, &size)) {
    return Fail(Errc::kDoesNotFit, "the kernel says it needs {:#x} bytes", image.image_size);
  }
  KEXEC_ASSIGN(const PageRange whole, layout.Reserve({.label = "kernel",
                                                      .size = size,
                                                      .align = kKernelAlign,
                                                      .window = window,
                                                      .search = Search::kBottomUp}));
  const PhysAddr begin(whole.begin().raw() + image.text_offset);
  return *PageRange::Exactly(*PhysRange::FromBounds(begin, whole.end()), page);
}

// Where an initrd may lie beside a kernel at `kernel`, the better place first.
std::vector<PhysRange> InitrdWindows(const PageRange& kernel, const DtRules& rules, const PhysRange& window) {
  if (rules.initrd_reach == 0) return {window};
  std::vector<PhysRange> windows;
  const uint64_t low = kInitrdWindowAlign.Down(kernel.begin().raw());
  const uint64_t high = kInitrdWindowAlign.Up(kernel.end().raw()).value_or(UINT64_MAX);
  const uint64_t low_end = low > UINT64_MAX - rules.initrd_reach ? UINT64_MAX : low + rules.initrd_reach;
  const uint64_t high_begin = high - std::min(high, rules.initrd_reach);
  for (const auto& [begin, end] : {std::pair(low, low_end), std::pair(high_begin, high)}) {
    const auto part = PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end));
    const auto inside = part ? part->Intersect(window) : std::nullopt;
    if (inside) windows.push_back(*inside);
  }
  return windows;
}

Result<std::vector<PageRange>> PlaceNear(const std::vector<SharedBytes>& initrds, const PageRange& kernel,
                                         const DtRules& rules, const PhysRange& window, Alignment page,
                                         Layout& layout) {
  const std::vector<PhysRange> windows = InitrdWindows(kernel, rules, window);
  Result<std::vector<PageRange>> placed =
      PlaceInitrds(initrds, windows.front(), Search::kTopDown, page, layout);
  for (size_t i = 1; !placed.has_value() && i < windows.size(); ++i) {
    placed = PlaceInitrds(initrds, windows[i], Search::kTopDown, page, layout);
  }
  return placed;
}

}  // namespace

Result<DtPlacement> PlaceDtKernel(const ImageKernel& image, const std::vector<SharedBytes>& initrds,
                                  const DtRules& rules, const PhysRange& window, Alignment page,
                                  Layout& layout) {
  KEXEC_ASSIGN(const PageRange kernel, PlaceKernel(image, window, page, layout));
  KEXEC_ASSIGN(std::vector<PageRange> placed, PlaceNear(initrds, kernel, rules, window, page, layout));
  return DtPlacement{kernel, std::move(placed)};
}

Result<PageRange> PlaceTree(uint64_t size, const ImageKernel& image, const PageRange& kernel,
                            const DtRules& rules, const PhysRange& window, Alignment page, Layout& layout) {
  if (size > kMaxTree) {
    return Fail(Errc::kDoesNotFit,
                "the device tree has {:#x} bytes, and kernels take at most {:#x}; give a smaller one with "
                "--dtb=FILE, or fewer overlays",
                size, kMaxTree);
  }
  PhysRange reachable = window;
  if (rules.tree_reach != 0 && !image.anywhere) {
    const PhysAddr base(kKernelAlign.Down(kernel.begin().raw()));
    const auto near = PhysRange::FromSize(base, rules.tree_reach);
    const auto inside = near ? near->Intersect(window) : std::nullopt;
    if (inside) reachable = *inside;
  }
  return layout.Reserve(
      {.label = "device tree", .size = size, .align = page, .window = reachable, .search = Search::kTopDown});
}

}  // namespace kexec
