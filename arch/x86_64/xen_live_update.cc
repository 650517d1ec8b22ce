// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/xen_live_update.h"

#include <algorithm>
#include <variant>

#include "kexec/xen_kexec.h"

namespace kexec {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kMiB = 1 << 20;

std::optional<PhysRange> RangeNamed(std::string_view name, const IomemReport& iomem) {
  const auto entry = std::ranges::find(iomem.entries, name, &IomemEntry::name);
  if (entry == iomem.entries.end()) return std::nullopt;
  return entry->range;
}

}  // namespace

std::optional<XenLiveUpdate> FindXenLiveUpdate(const IomemReport& iomem) {
  const auto xen = RangeNamed(kXenItself, iomem);
  const auto area = RangeNamed(kXenLiveUpdate, iomem);
  if (!xen || !area || area->size() <= kPage) return std::nullopt;
  return XenLiveUpdate{*xen, *PhysRange::FromBounds(PhysAddr(area->begin().raw() + kPage), area->end())};
}

Result<BootInputs> LiveUpdateInputs(const std::optional<XenLiveUpdate>& live_update,
                                    const BootInputs& inputs) {
  if (!live_update) {
    return Fail(
        Errc::kUnsupported,
        "this Xen cannot be updated live: it keeps no memory for its successor (liveupdate= on its command "
        "line, in a Xen that is built for it)");
  }
  const auto* kernel = std::get_if<MultibootKernel>(&inputs.kernel.image);
  if (kernel == nullptr || kernel->version != 2 || !kernel->relocation) {
    return Fail(Errc::kUnsupported,
                "a live update needs a Xen to change to: a relocatable Multiboot 2 kernel");
  }
  if (live_update->xen.begin() < kernel->relocation->lowest ||
      live_update->xen.end().raw() - 1 > kernel->relocation->highest.raw()) {
    return Fail(Errc::kDoesNotFit, "the running Xen lies at {}, where the kernel may not be moved to",
                ToString(live_update->xen));
  }
  BootInputs placed = inputs;
  MultibootRelocation& may = *std::get<MultibootKernel>(placed.kernel.image).relocation;
  may.lowest = live_update->xen.begin();
  may.prefers_high = false;
  may.prefers_low = true;
  placed.companion_window = live_update->area;
  const PhysAddr begin(live_update->area.begin().raw() - kPage);
  const uint64_t bytes = live_update->area.end().raw() - begin.raw();
  placed.command_line += fmt::format("{}liveupdate={}M@{:#x}", placed.command_line.empty() ? "" : " ",
                                     (bytes - 1) / kMiB + 1, begin.raw());
  return placed;
}

}  // namespace kexec
