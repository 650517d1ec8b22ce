// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/crash_layout.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "arch/header_updates.h"
#include "arch/x86_64/crash_command_line.h"
#include "kexec/core_headers.h"
#include "kexec/layout.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint16_t kElfMachineX86_64 = 62;      // EM_X86_64, elf.h
constexpr uint64_t kLowMemoryEnd = 640 * 1024;  // where the adapter memory of a PC begins
constexpr uint64_t k4GiB = uint64_t{1} << 32;
constexpr uint16_t kProtocolAcpiRsdp = 0x020e;  // boot.rst, acpi_rsdp_addr

// What of `ranges` lies in `window`.
std::vector<PhysRange> Within(std::span<const PhysRange> ranges, const PhysRange& window) {
  std::vector<PhysRange> inside;
  for (const PhysRange& range : ranges) {
    if (const auto common = range.Intersect(window)) inside.push_back(*common);
  }
  return inside;
}

const PhysRange& LowMemory() {
  static constexpr PhysRange kRange = *PhysRange::FromSize(PhysAddr(0), kLowMemoryEnd);
  return kRange;
}

// One piece from the first to the last byte of RAM, so that one copy does: what lies between is readable.
std::optional<PhysRange> BackupSource(std::span<const PhysRange> low_ram) {
  if (low_ram.empty()) return std::nullopt;
  const PhysAddr begin(kPage.Down(low_ram.front().begin().raw()));
  return PhysRange::FromBounds(begin, low_ram.back().end());
}

// The dump list; what is backed up is found in the backup.
std::vector<DumpedRam> DumpList(const CrashFacts& crash, const std::optional<LowMemoryBackup>& backup) {
  std::vector<DumpedRam> list;
  for (const PhysRange& range : crash.memory.dumped) {
    if (const auto low = range.Intersect(LowMemory()); low && backup) {
      const uint64_t offset = low->begin().raw() - backup->source.begin().raw();
      list.push_back({*low, PhysAddr(backup->backup.begin().raw() + offset)});
      if (low->end() == range.end()) continue;
      const PhysRange rest = *PhysRange::FromBounds(low->end(), range.end());
      list.push_back({rest, rest.begin()});
      continue;
    }
    list.push_back({range, range.begin()});
  }
  return list;
}

CoreHeaderInputs HeaderInputs(const CrashFacts& crash, const std::optional<LowMemoryBackup>& backup) {
  return {.elf_machine = kElfMachineX86_64,
          .cpu_notes = crash.cpu_notes,
          .xen_vmcoreinfo = crash.xen_vmcoreinfo,
          .vmcoreinfo = crash.vmcoreinfo,
          .text = crash.mapping.text,
          .page_offset = crash.mapping.page_offset,
          .ram = DumpList(crash, backup)};
}

// The one region the kernel loads into (crashk_res), as far as this kernel and the window allow.
Result<PhysRange> LoadWindow(const CrashFacts& crash, const BootInputs& inputs, const LinuxImage& image) {
  const PhysRange& region = crash.memory.regions.back();
  if (!image.reaches_high && region.end().raw() > k4GiB) {
    return Fail(Errc::kDoesNotFit,
                "the crash region {} reaches above 4 GiB, where this kernel cannot be loaded; reserve it "
                "below, with crashkernel=SIZE without ',high'",
                ToString(region));
  }
  const auto window = region.Intersect(inputs.window);
  if (!window) {
    return Fail(Errc::kDoesNotFit, "the crash region {} lies outside --mem-min and --mem-max, {}",
                ToString(region), ToString(inputs.window));
  }
  return *window;
}

Result<PageRange> TakeTop(std::string label, uint64_t size, const PhysRange& window, Layout& layout) {
  return layout.Reserve({.label = std::move(label),
                         .size = size,
                         .align = kPage,
                         .window = window,
                         .search = Search::kTopDown});
}

Result<std::optional<LowMemoryBackup>> PlaceBackup(const CrashFacts& crash, const PhysRange& window,
                                                   Layout& layout) {
  const auto source = BackupSource(Within(crash.memory.dumped, LowMemory()));
  if (!source) return std::nullopt;
  KEXEC_ASSIGN(const PageRange backup, TakeTop("backup", source->size(), window, layout));
  return LowMemoryBackup{*source, backup};
}

Result<X86CrashExtras> Extras(const CrashFacts& crash, const BootInputs& inputs, const PhysRange& window,
                              Layout& layout, Diagnostics& diagnostics) {
  const std::optional<uint64_t> room = UpdatedHeadersSize(crash, inputs, diagnostics);
  KEXEC_ASSIGN(const std::optional<LowMemoryBackup> backup, PlaceBackup(crash, window, layout));
  const CoreHeaderInputs headers = HeaderInputs(crash, backup);
  KEXEC_ASSIGN(const size_t size, CoreHeadersSize(headers));
  KEXEC_ASSIGN(const PageRange place,
               TakeTop("elfcorehdr", std::max<uint64_t>(size, room.value_or(0)), window, layout));
  KEXEC_ASSIGN(std::vector<std::byte> bytes, BuildCoreHeaders(headers));
  return X86CrashExtras{place, std::move(bytes), room.has_value(), backup};
}

MemoryMap RamMap(std::span<const PhysRange> ranges) {
  std::vector<MemoryRegion> regions;
  for (const PhysRange& range : ranges) regions.push_back({range, MemoryType::kRam});
  return MemoryMap::FromRegions(std::move(regions));
}

// The crash regions without what the crash kernel must find untouched. The other segments are RAM to it: the
// boot protocol tells it where they are.
std::vector<PhysRange> UsableRegions(const CrashMemory& memory, const X86CrashExtras& extras) {
  Layout usable(RamMap(memory.regions), kPage);
  usable.Exclude(extras.core_headers.range());
  if (extras.backup) usable.Exclude(extras.backup->backup.range());
  return usable.Free();
}

// The memory map the crash kernel is handed; what is not RAM stays as the firmware told it.
MemoryMap CrashMap(const MemoryMap& handed_over, const CrashMemory& memory, const X86CrashExtras& extras) {
  std::vector<MemoryRegion> regions;
  for (const MemoryRegion& region : handed_over.regions()) {
    if (region.type != MemoryType::kRam) regions.push_back(region);
  }
  const auto add_ram = [&](const PhysRange& range) { regions.push_back({range, MemoryType::kRam}); };
  if (extras.backup) std::ranges::for_each(Within(memory.dumped, LowMemory()), add_ram);
  std::ranges::for_each(memory.cma, add_ram);
  std::ranges::for_each(UsableRegions(memory, extras), add_ram);
  return MemoryMap::FromRegions(std::move(regions));
}

std::string CommandLineAdditions(const X86Facts& facts, const BootInputs& inputs, const LinuxImage& image,
                                 const MemoryMap& map, const X86CrashExtras& extras) {
  std::string additions;
  if (inputs.crash.memmap_on_command_line) additions += MemmapParameters(map);
  const bool gets_efi = facts.efi && inputs.pass_efi && image.efi_kexec;
  if (facts.acpi_rsdp != 0 && image.protocol < kProtocolAcpiRsdp && !gets_efi) {
    additions += AcpiRsdpParameter(facts.acpi_rsdp);
  }
  return additions + ElfcorehdrParameter(extras.core_headers.begin());
}

Result<> CheckCommandLine(const BootInputs& inputs, const LinuxImage& image, const std::string& additions) {
  const size_t length = inputs.command_line.size() + additions.size();
  if (length <= image.command_line_max) return {};
  return Fail(
      Errc::kDoesNotFit,
      "the command line has {} bytes and a crash kernel needs {} more, but this kernel takes at most {}; "
      "shorten it{}",
      inputs.command_line.size(), additions.size(), image.command_line_max,
      inputs.crash.memmap_on_command_line ? " or leave out --pass-memmap-cmdline" : "");
}

}  // namespace

Result<X86CrashBoot> PlaceCrashExtras(const X86Facts& facts, const CrashFacts& crash,
                                      const BootInputs& inputs, const LinuxImage& image,
                                      Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const PhysRange window, LoadWindow(crash, inputs, image));
  Layout layout(facts.memory.placeable, kPage);
  KEXEC_ASSIGN(X86CrashExtras extras, Extras(crash, inputs, window, layout, diagnostics));
  const MemoryMap map = CrashMap(facts.memory.handed_over, crash.memory, extras);
  const std::string additions = CommandLineAdditions(facts, inputs, image, map, extras);
  KEXEC_TRY(CheckCommandLine(inputs, image, additions));

  X86CrashBoot boot{facts, inputs, std::move(extras)};
  boot.inputs.command_line += additions;
  boot.inputs.window = window;
  if (!inputs.crash.memmap_on_command_line) boot.facts.memory.handed_over = map;
  boot.facts.memory.placeable = RamMap(layout.Free());
  return boot;
}

}  // namespace kexec
