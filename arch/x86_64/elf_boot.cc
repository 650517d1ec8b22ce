// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/elf_boot.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arch/page_pieces.h"
#include "arch/x86_64/e820.h"
#include "arch/x86_64/elf_boot_notes.h"
#include "arch/x86_64/finish_plan.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/pvh_start_info.h"
#include "arch/x86_64/x86_layout.h"
#include "kexec/layout.h"
#include "kexec/validate.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
constexpr uint64_t k4GiB = uint64_t{1} << 32;
constexpr uint64_t kLowest = 1 << 20;  // below are real-mode vectors and the EBDA
// The kernel's pieces may take what is left beside modules, information and purgatory.
constexpr size_t kMostPieces = 8;

// A file in memory that PVH's list of modules names.
struct PlacedFile {
  PageRange place;
  SharedBytes contents;
};

struct ElfPlacement {
  std::vector<LoadPiece> pieces;  // where they go
  uint64_t moved = 0;             // how far from where they were linked, modulo 2^64
  std::vector<PlacedFile> files;
  std::optional<PageRange> information;  // none for style none
  std::optional<PageRange> purgatory;
};

ElfHandover StyleFor(const ElfKernel& kernel, ElfHandover asked) {
  if (asked != ElfHandover::kByImage) return asked;
  return kernel.pvh_entry ? ElfHandover::kPvh : ElfHandover::kElf;
}

Result<> CheckStyle(const ElfKernel& kernel, ElfHandover style, const BootInputs& inputs) {
  if (style == ElfHandover::kPvh && !kernel.pvh_entry) {
    return Fail(Errc::kUnsupported,
                "--args-pvh: the image has no PVH entry (no note XEN_ELFNOTE_PHYS32_ENTRY)");
  }
  if (style != ElfHandover::kPvh && !inputs.initrds.empty()) {
    return Fail(Errc::kUnsupported,
                "this ELF image is not Linux and has no PVH entry: nothing tells it about an initrd");
  }
  if (style != ElfHandover::kPvh && !inputs.modules.empty()) {
    return Fail(Errc::kUnsupported, "--module needs a multiboot kernel or one with a PVH entry");
  }
  if (style == ElfHandover::kNone && !inputs.command_line.empty()) {
    return Fail(Errc::kUnsupported, "--args-none passes nothing, also not a command line");
  }
  return {};
}

Result<PageRange> Take(std::string label, uint64_t size, const PhysRange& window, Layout& layout) {
  return layout.Reserve({.label = std::move(label),
                         .size = size,
                         .align = kPage,
                         .window = window,
                         .search = Search::kTopDown});
}

std::string KernelLabel(size_t index) { return index == 0 ? "kernel" : fmt::format("kernel {}", index + 1); }

// At the places they were linked for.
Result<> TakePieces(const std::vector<LoadPiece>& pieces, Layout& layout) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    KEXEC_TRY(
        layout.ReserveAt(KernelLabel(i), *PhysRange::FromSize(pieces[i].address, pieces[i].memory_size)));
  }
  return {};
}

// All of a position-independent image, at one distance from where it was linked.
Result<uint64_t> TakeMoved(const ElfKernel& kernel, const PhysRange& window, Layout& layout) {
  const PhysRange extent = ExtentOf(kernel.pieces);
  const Alignment align = std::max(kernel.alignment, kPage);
  const uint64_t below = extent.begin().raw() - align.Down(extent.begin().raw());
  KEXEC_ASSIGN(const PageRange place, layout.Reserve({.label = "kernel",
                                                      .size = below + extent.size(),
                                                      .align = align,
                                                      .window = window,
                                                      .search = Search::kBottomUp}));
  return place.begin().raw() + below - extent.begin().raw();
}

Result<> PlaceFile(std::string label, const SharedBytes& contents, const PhysRange& window, Layout& layout,
                   ElfPlacement& placement) {
  if (contents.empty()) return Fail(Errc::kMalformed, "{} is empty", label);
  KEXEC_ASSIGN(const PageRange place, Take(std::move(label), contents.size(), window, layout));
  placement.files.push_back({place, contents});
  return {};
}

// Linux reads the first module alone as its initrd, so several would be lost on it.
Result<> PlaceFiles(const BootInputs& inputs, const PhysRange& window, Layout& layout,
                    ElfPlacement& placement) {
  if (inputs.initrds.size() > 1) {
    return Fail(Errc::kUnsupported, "{} initrds: by its PVH entry a kernel takes one; concatenate them",
                inputs.initrds.size());
  }
  for (const SharedBytes& initrd : inputs.initrds) {
    KEXEC_TRY(PlaceFile("initrd", initrd, window, layout, placement));
  }
  for (size_t i = 0; i < inputs.modules.size(); ++i) {
    KEXEC_TRY(
        PlaceFile(fmt::format("module {}", i + 1), inputs.modules[i].contents, window, layout, placement));
  }
  return {};
}

PvhStart StartFor(const X86Facts& facts, const BootInputs& inputs, const ElfPlacement& placement) {
  PvhStart start;
  start.command_line = inputs.command_line;
  start.memory = ToE820(facts.memory.handed_over);
  start.acpi_rsdp = facts.acpi_rsdp;
  for (size_t i = 0; i < placement.files.size(); ++i) {
    const PlacedFile& file = placement.files[i];
    const bool initrd = i < inputs.initrds.size();
    start.modules.push_back(
        {file.place.begin(), file.contents.size(),
         initrd ? std::string() : inputs.modules[i - inputs.initrds.size()].command_line});
  }
  return start;
}

// What the information segment holds when it lies at `address`.
std::vector<std::byte> Information(ElfHandover style, const X86Facts& facts, const BootInputs& inputs,
                                   const ElfPlacement& placement, PhysAddr address) {
  if (style == ElfHandover::kPvh) {
    return WritePvhStartInfo(StartFor(facts, inputs, placement), address);
  }
  return MakeElfBootNotes(KEXEC_VERSION, inputs.command_line);
}

X86Jump JumpTo(const ElfKernel& kernel, ElfHandover style, const ElfPlacement& placement) {
  X86Jump jump;
  const bool pvh = style == ElfHandover::kPvh;
  jump.in_64bit_mode = kernel.is_64bit && !pvh;
  jump.entry = PhysAddr((pvh ? *kernel.pvh_entry : kernel.entry).raw() + placement.moved);
  if (!placement.information) return jump;
  const uint64_t information = placement.information->begin().raw();
  if (pvh) {
    jump.registers.rbx = information;
  } else if (jump.in_64bit_mode) {
    jump.registers.rdi = information;
  } else {
    jump.registers.rax = kElfBootNotesMagic;
    jump.registers.rbx = information;
  }
  return jump;
}

class PlacedElf final : public PlacedBoot {
 public:
  PlacedElf(const X86Facts& facts, const BootInputs& inputs, ElfHandover style, ElfPlacement placement)
      : facts_(facts), inputs_(inputs), style_(style), placement_(std::move(placement)) {}

  Result<LoadPlan> Emit() const override {
    std::vector<Segment> segments = KernelSegments(placement_.pieces, PhysAddr(0), kPage);
    for (size_t i = 0; i < placement_.files.size(); ++i) {
      const bool initrd = i < inputs_.initrds.size();
      segments.push_back({initrd ? "initrd" : fmt::format("module {}", i - inputs_.initrds.size() + 1),
                          placement_.files[i].place, placement_.files[i].contents});
    }
    if (placement_.information) {
      auto bytes = Information(style_, facts_, inputs_, placement_, placement_.information->begin());
      segments.push_back({style_ == ElfHandover::kPvh ? "start_info" : "boot notes", *placement_.information,
                          SharedBytes::Own(std::move(bytes))});
    }
    const auto& kernel = std::get<ElfKernel>(inputs_.kernel.image);
    return FinishPlan(inputs_, std::move(segments), *placement_.purgatory,
                      JumpTo(kernel, style_, placement_));
  }

 private:
  const X86Facts& facts_;
  const BootInputs& inputs_;
  ElfHandover style_;
  ElfPlacement placement_;
};

}  // namespace

Result<std::unique_ptr<PlacedBoot>> PlaceElf(const X86Facts& facts, const BootInputs& inputs,
                                             Diagnostics& diagnostics) {
  const auto& kernel = std::get<ElfKernel>(inputs.kernel.image);
  const ElfHandover style = StyleFor(kernel, inputs.elf_handover);
  KEXEC_TRY(CheckStyle(kernel, style, inputs));
  const bool high = kernel.is_64bit && style != ElfHandover::kPvh;
  const auto whole = PhysRange::FromBounds(PhysAddr(kLowest), PhysAddr(high ? UINT64_MAX : k4GiB));
  const auto window = whole->Intersect(inputs.window);
  if (!window) {
    return Fail(Errc::kDoesNotFit, "--mem-min and --mem-max leave nothing of {}, where this kernel can lie",
                ToString(*whole));
  }
  Layout layout = FreeMemory(facts);
  ElfPlacement placement;
  KEXEC_ASSIGN(placement.pieces, PagePieces(kernel.pieces, kPage, kMostPieces));
  if (kernel.position_independent) {
    KEXEC_ASSIGN(placement.moved, TakeMoved(kernel, *window, layout));
    for (LoadPiece& piece : placement.pieces) {
      piece.address = PhysAddr(piece.address.raw() + placement.moved);
    }
  } else {
    KEXEC_TRY(TakePieces(placement.pieces, layout));
  }
  KEXEC_TRY(PlaceFiles(inputs, *window, layout, placement));
  if (style != ElfHandover::kNone) {
    const size_t size = Information(style, facts, inputs, placement, PhysAddr(0)).size();
    // Linux reads it through its first page tables, which end a little behind the kernel itself.
    const bool low = style == ElfHandover::kPvh;
    KEXEC_ASSIGN(placement.information,
                 layout.Reserve({.label = "boot information",
                                 .size = size,
                                 .align = kPage,
                                 .window = *window,
                                 .search = low ? Search::kBottomUp : Search::kTopDown}));
  }
  KEXEC_ASSIGN(placement.purgatory, Take("purgatory", PurgatoryMemSize(), *window, layout));
  diagnostics.Note("ELF kernel, {}", style == ElfHandover::kPvh   ? "entered at its PVH entry"
                                     : style == ElfHandover::kElf ? "told by ELF boot notes"
                                                                  : "told nothing");
  return std::make_unique<PlacedElf>(facts, inputs, style, std::move(placement));
}

}  // namespace kexec
