// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/dt_tree.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace kexec {
namespace {

constexpr const char* kChosen = "/chosen";
constexpr const char* kReserved = "/reserved-memory";
// Each costs a walk over the whole tree. Boards with many (Raspberry Pi) have some twenty.
constexpr size_t kMaxOverlays = 64;

// Of /chosen: true for the running kernel alone, or made anew. The IMA and TPM logs and the hand-over of KHO
// lie in memory that will be gone (drivers/of/kexec.c).
constexpr const char* kStale[] = {
    "bootargs",
    "linux,initrd-start",
    "linux,initrd-end",
    "kaslr-seed",
    "rng-seed",
    "linux,elfcorehdr",
    "linux,usable-memory-range",
    "linux,ima-kexec-buffer",
    "linux,tpm-kexec-buffer",
    "linux,kho-fdt",
    "linux,kho-scratch",
};
// Where EFI's system table and memory map are (Documentation/arch/arm/uefi.rst). Without them a kernel on an
// EFI machine knows neither what firmware keeps nor ACPI.
constexpr const char* kEfi[] = {"linux,uefi-system-table", "linux,uefi-mmap-start", "linux,uefi-mmap-size",
                                "linux,uefi-mmap-desc-size", "linux,uefi-mmap-desc-ver"};

Result<DeviceTree> ParseNamed(const NamedFile& file) {
  KEXEC_ASSIGN(DeviceTree tree, DeviceTree::Parse(file.contents.view()),
               fmt::format("device tree '{}'", file.name));
  return tree;
}

// An initrd's memory that the boot loader reserved is free for the next kernel.
void DropOldInitrd(DeviceTree& tree) {
  const auto start = tree.Number(kChosen, "linux,initrd-start");
  const auto end = tree.Number(kChosen, "linux,initrd-end");
  const auto initrd = start && end ? PhysRange::FromBounds(PhysAddr(*start), PhysAddr(*end)) : std::nullopt;
  if (!initrd) return;
  tree.RemoveReservations([&](const PhysRange& reserved) {
    return reserved.begin() == initrd->begin() && reserved.Contains(*initrd);
  });
}

Result<> DropStale(DeviceTree& tree) {
  KEXEC_TRY(tree.AddNode(kChosen));
  DropOldInitrd(tree);
  for (const char* name : kStale) tree.DeleteProperty(kChosen, name);
  return {};
}

bool KnowsMemory(const DeviceTree& tree) {
  for (const std::string& name : tree.Children("/")) {
    if (name != "memory" && !name.starts_with("memory@")) continue;
    const auto ranges = tree.Ranges("/" + name, "reg");
    if (ranges && !ranges->empty()) return true;
  }
  return false;
}

// By the root's cells: also what /chosen holds is written so (chosen.yaml of dt-schema).
Result<> SetRanges(const std::string& path, const std::string& name, std::span<const PhysRange> ranges,
                   DeviceTree& tree) {
  KEXEC_ASSIGN(const std::vector<std::byte> list, tree.EncodeRanges("/", ranges));
  return tree.SetProperty(path, name, list);
}

// Devicetree Specification, 3.4 "/memory node".
Result<> AddMemory(std::span<const PhysRange> ram, DeviceTree& tree) {
  for (const PhysRange& range : ram) {
    const std::string path = fmt::format("/memory@{:x}", range.begin().raw());
    KEXEC_TRY(tree.SetString(path, "device_type", "memory"));
    KEXEC_TRY(SetRanges(path, "reg", std::span(&range, 1), tree));
  }
  return {};
}

Result<> CopyEfi(const DeviceTree& running, DeviceTree& tree) {
  if (tree.Property(kChosen, kEfi[0])) return {};
  for (const char* name : kEfi) {
    const auto value = running.Property(kChosen, name);
    if (value) KEXEC_TRY(tree.SetProperty(kChosen, name, *value));
  }
  return {};
}

// Firmware below the kernel adds what it keeps to the tree it was given, so that a board's own tree lacks it;
// a kernel that takes that memory for its own is dead before its first word.
Result<> CopyFirmwareMemory(const DeviceTree& running, NodeTest added_by_firmware, DeviceTree& tree) {
  const std::vector<std::string> names = running.Children(kReserved);
  if (std::ranges::none_of(names, added_by_firmware) ||
      std::ranges::any_of(tree.Children(kReserved), added_by_firmware)) {
    return {};
  }
  if (!tree.HasNode(kReserved)) {  // its cells are the root's (reserved-memory.yaml of dt-schema)
    for (const char* cells : {"#address-cells", "#size-cells"}) {
      const auto value = tree.Property("/", cells);
      if (value) KEXEC_TRY(tree.SetProperty(kReserved, cells, std::vector(value->begin(), value->end())));
    }
    KEXEC_TRY(tree.SetProperty(kReserved, "ranges", {}));
  }
  for (const std::string& name : names) {
    if (!added_by_firmware(name)) continue;
    const std::string path = fmt::format("{}/{}", kReserved, name);
    KEXEC_ASSIGN(const std::vector<PhysRange> ranges, running.Ranges(path, "reg"));
    KEXEC_ASSIGN(const std::vector<std::byte> list, tree.EncodeRanges(kReserved, ranges));
    KEXEC_TRY(tree.SetProperty(path, "reg", list));
    if (running.Property(path, "no-map")) KEXEC_TRY(tree.SetProperty(path, "no-map", {}));
  }
  return {};
}

Result<> CompleteUserTree(const DtFacts& facts, NodeTest added_by_firmware, DeviceTree& tree,
                          Diagnostics& diagnostics) {
  if (facts.tree) {
    KEXEC_ASSIGN(const DeviceTree running, ParseNamed(*facts.tree));
    KEXEC_TRY(CopyEfi(running, tree));
    if (added_by_firmware != nullptr) KEXEC_TRY(CopyFirmwareMemory(running, added_by_firmware, tree));
  }
  if (tree.Property(kChosen, kEfi[0]) || KnowsMemory(tree)) return {};
  diagnostics.Note("the device tree names no memory; it gets the {} ranges of this machine",
                   facts.ram.size());
  return AddMemory(facts.ram, tree);
}

}  // namespace

Result<DeviceTree> BaseTree(const DtFacts& facts, const DeviceTreeOptions& options,
                            NodeTest added_by_firmware, Diagnostics& diagnostics) {
  const std::optional<NamedFile>& source = options.tree ? options.tree : facts.tree;
  if (!source) {
    return Fail(Errc::kUnsupported,
                "there is no device tree to hand to the kernel ({}); name one with --dtb=FILE",
                facts.why_no_tree);
  }
  if (options.overlays.size() > kMaxOverlays) {
    return Fail(Errc::kUsage,
                "{} device tree overlays, at most {} are applied; merge some of them with fdtoverlay",
                options.overlays.size(), kMaxOverlays);
  }
  auto parsed = ParseNamed(*source);
  if (!parsed && !options.tree) {
    return Fail(parsed.error().code(), "{}; name another with --dtb=FILE", parsed.error().message());
  }
  KEXEC_ASSIGN(DeviceTree tree, std::move(parsed));
  for (const NamedFile& overlay : options.overlays) {
    KEXEC_TRY(tree.ApplyOverlay(overlay.contents.view()), fmt::format("overlay '{}'", overlay.name));
  }
  KEXEC_TRY(DropStale(tree));
  if (options.tree) KEXEC_TRY(CompleteUserTree(facts, added_by_firmware, tree, diagnostics));
  return tree;
}

Result<std::vector<PhysRange>> KeptMemory(const DeviceTree& tree) {
  std::vector<PhysRange> kept = tree.Reservations();
  for (const std::string& name : tree.Children(kReserved)) {
    const std::string path = fmt::format("{}/{}", kReserved, name);
    KEXEC_ASSIGN(const std::vector<PhysRange> ranges, tree.Ranges(path, "reg"));
    kept.insert(kept.end(), ranges.begin(), ranges.end());
  }
  return kept;
}

Result<> FillChosen(const Chosen& chosen, DeviceTree& tree) {
  KEXEC_TRY(tree.SetString(kChosen, "bootargs", chosen.command_line));
  if (chosen.initrd) {
    KEXEC_TRY(tree.SetU64(kChosen, "linux,initrd-start", chosen.initrd->begin().raw()));
    KEXEC_TRY(tree.SetU64(kChosen, "linux,initrd-end", chosen.initrd->end().raw()));
  }
  if (chosen.kaslr_seed) KEXEC_TRY(tree.SetU64(kChosen, "kaslr-seed", *chosen.kaslr_seed));
  if (chosen.rng_seed) KEXEC_TRY(tree.SetProperty(kChosen, "rng-seed", *chosen.rng_seed));
  if (chosen.core_headers) {
    KEXEC_TRY(SetRanges(kChosen, "linux,elfcorehdr", std::span(&*chosen.core_headers, 1), tree));
  }
  if (!chosen.usable.empty()) {
    KEXEC_TRY(SetRanges(kChosen, "linux,usable-memory-range", chosen.usable, tree));
  }
  return {};
}

}  // namespace kexec
