// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/golden/recorded_board.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "arch/arm64/purgatory/blob.h"
#include "arch/riscv64/purgatory/blob.h"
#include "kexec/validate.h"
#include "loaders/dtb/device_tree.h"
#include "loaders/elf/elf_core.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

constexpr const char* kChosen = "/chosen";
// Sizes of Debian's 6.12 cloud kernel for arm64 and of an initrd.
constexpr uint64_t kImageFile = 0x1d76800;
constexpr uint64_t kImageMemory = 0x1e70000;
constexpr uint64_t kInitrd = 0x3c8600;

bool IsArm(std::string_view machine) { return machine.starts_with("arm64"); }

BootInputs InputsFor(std::string_view machine, LoadKind kind) {
  ImageKernel image{.text_offset = IsArm(machine) ? 0 : uint64_t{0x200000},
                    .image_size = kImageMemory,
                    .anywhere = true,
                    .pieces = {{.address = PhysAddr(0),
                                .virtual_address = 0,
                                .contents = Pattern(kImageFile, 1),
                                .memory_size = kImageMemory}}};
  BootInputs inputs{.kernel = KernelImage{.type = IsArm(machine) ? "Image" : "image-riscv",
                                          .image = std::move(image),
                                          .machine = IsArm(machine) ? "aarch64" : "riscv64"},
                    .kernel_name = "Image",
                    .initrds = {Pattern(kInitrd, 2)},
                    .command_line = "root=/dev/vda ro",
                    .kind = kind,
                    .window = WholeMemory()};
  inputs.rng_seed.emplace().fill(std::byte{0x5a});
  inputs.kaslr_seed = {0x0123456789abcdef, 0};
  return inputs;
}

const Segment* Find(const LoadPlan& plan, std::string_view label) {
  const auto found = std::ranges::find(plan.segments, label, &Segment::label);
  return found == plan.segments.end() ? nullptr : &*found;
}

std::string DescribeSegments(const LoadPlan& plan) {
  const PageRange purgatory = Find(plan, "purgatory")->dest;
  std::string text = fmt::format("flags {:#x}\n", plan.flags);
  for (const Segment& segment : plan.segments) {
    if (segment.label == "purgatory") {
      text += fmt::format("purgatory ends at {:#x}\n", segment.dest.end().raw());
    } else if (segment.label == "device tree" && segment.dest.end() == purgatory.begin()) {
      text += fmt::format("device tree {:#x} bytes, {:#x} in memory right below purgatory\n",
                          segment.contents.size(), segment.dest.size());
    } else {
      text += fmt::format("{} {:#x} bytes at {:#x}, {:#x} in memory\n", segment.label,
                          segment.contents.size(), segment.dest.begin().raw(), segment.dest.size());
    }
  }
  return text;
}

std::string DescribeChosen(const DeviceTree& tree) {
  std::string text;
  for (const char* name : {"bootargs", "stdout-path"}) {
    for (const std::string& value : tree.Strings(kChosen, name))
      text += fmt::format("{} '{}'\n", name, value);
  }
  for (const char* name : {"linux,initrd-start", "linux,initrd-end", "kaslr-seed", "linux,uefi-system-table",
                           "linux,uefi-mmap-start", "linux,uefi-mmap-size", "linux,uefi-mmap-desc-size",
                           "linux,uefi-mmap-desc-ver"}) {
    if (const auto value = tree.Number(kChosen, name)) text += fmt::format("{} {:#x}\n", name, *value);
  }
  if (const auto seed = tree.Property(kChosen, "rng-seed")) {
    text += fmt::format("rng-seed of {} bytes\n", seed->size());
  }
  for (const char* name : {"linux,usable-memory-range", "linux,elfcorehdr"}) {
    const auto ranges = tree.Ranges(kChosen, name);
    EXPECT_EQ(MessageOf(ranges), "success");
    for (const PhysRange& range : *ranges) {
      text += fmt::format("{} {:#x} + {:#x}\n", name, range.begin().raw(), range.size());
    }
  }
  return text;
}

std::string DescribeReg(const DeviceTree& tree, const std::string& path) {
  std::string text = path;
  const auto ranges = tree.Ranges(path, "reg");
  EXPECT_EQ(MessageOf(ranges), "success");
  for (const PhysRange& range : *ranges)
    text += fmt::format(" {:#x} + {:#x}", range.begin().raw(), range.size());
  return text + "\n";
}

std::string DescribeTree(const DeviceTree& tree) {
  std::string text = DescribeChosen(tree);
  for (const PhysRange& range : tree.Reservations()) {
    text += fmt::format("reserved {:#x} + {:#x}\n", range.begin().raw(), range.size());
  }
  text += fmt::format("{} nodes below the root\n", tree.Children("/").size());
  for (const std::string& name : tree.Children("/")) {
    if (name.starts_with("memory")) text += DescribeReg(tree, "/" + name);
  }
  for (const std::string& name : tree.Children("/reserved-memory")) {
    text += DescribeReg(tree, "/reserved-memory/" + name);
  }
  return text;
}

std::string DescribeArmPurgatory(const LoadPlan& plan) {
  const auto params = ReadAt<kexec_arm64_purgatory_params>(Find(plan, "purgatory")->contents.view(), 0);
  return fmt::format("kernel entry {:#x}, {} hashed, PSCI conduit {}\n", uint64_t{params->kernel_entry},
                     uint32_t{params->hashed_count}, uint32_t{params->psci_conduit});
}

std::string DescribeRiscvPurgatory(const LoadPlan& plan) {
  const auto params = ReadAt<kexec_riscv64_purgatory_params>(Find(plan, "purgatory")->contents.view(), 0);
  return fmt::format("kernel entry {:#x}, {} hashed, time base {}\n", uint64_t{params->kernel_entry},
                     uint32_t{params->hashed_count}, uint64_t{params->timebase_frequency});
}

std::string DescribeCoreHeaders(const Segment& segment) {
  const auto core = ParseElfCore(segment.contents.view());
  EXPECT_EQ(MessageOf(core), "success");
  std::string text;
  for (const ElfSegment& one : core->segments) {
    text += fmt::format("core type {} at {:#x} + {:#x}, virtual {:#x}, stored at {:#x}\n", one.type, one.phys,
                        one.memory_size, one.virt, one.offset);
  }
  return text;
}

}  // namespace

bool CanPlanFor(std::string_view machine) {
  return IsArm(machine) ? !Arm64PurgatoryBlob().empty() : !Riscv64PurgatoryBlob().empty();
}

LoadPlan PlanRecordedBoard(std::string_view machine_name, LoadKind kind) {
  const BootInputs inputs = InputsFor(machine_name, kind);
  const auto root = SystemRoot::Open(RecordedMachine(machine_name));
  RecordingDiagnostics diagnostics;
  const auto machine = ReadMachine(*root, kind, diagnostics);
  EXPECT_EQ(MessageOf(machine), "success");
  const auto placed = (*machine)->Place(inputs, diagnostics);
  EXPECT_EQ(MessageOf(placed), "success");
  auto plan = (*placed)->Emit();
  EXPECT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(MessageOf(Validate(*plan, (*machine)->limits())), "success");
  return *std::move(plan);
}

std::string DescribeBoard(std::string_view machine, const LoadPlan& plan) {
  const auto tree = DeviceTree::Parse(Find(plan, "device tree")->contents.view());
  EXPECT_EQ(MessageOf(tree), "success");
  const Segment* headers = Find(plan, "elfcorehdr");
  return DescribeSegments(plan) +
         (IsArm(machine) ? DescribeArmPurgatory(plan) : DescribeRiscvPurgatory(plan)) + DescribeTree(*tree) +
         (headers ? DescribeCoreHeaders(*headers) : "");
}

}  // namespace kexec::testing
